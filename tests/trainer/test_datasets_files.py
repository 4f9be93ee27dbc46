"""Every file layout, on tiny files written here; and one clear line for each that is wrong."""

import gzip
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.datasets import load_dataset

RANDOM = np.random.default_rng(4)
GREY, GREY_TEST = (RANDOM.integers(0, 256, (count, 28, 28), np.uint8) for count in (12, 5))
COLOUR, COLOUR_TEST = (RANDOM.integers(0, 256, (count, 32, 32, 3), np.uint8) for count in (20, 6))
Y, Y_TEST = (RANDOM.integers(0, 10, count).astype(np.uint8) for count in (20, 6))


def standardised(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """As the definition says, in double precision."""
    flat = train.reshape(-1, train.shape[-1]).astype(np.float64)
    return (x - flat.mean(axis=0)) / flat.std(axis=0)


def write_idx(path: Path, array: np.ndarray, packed: bool) -> None:
    data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
    if packed:
        Path(f"{path}.gz").write_bytes(gzip.compress(data))
    else:
        path.write_bytes(data)


def write_mnist(folder: Path, packed: bool) -> None:
    folder.mkdir(exist_ok=True)
    for name, x, y in (("train", GREY, Y[:12]), ("t10k", GREY_TEST, Y_TEST[:5])):
        write_idx(folder / f"{name}-images-idx3-ubyte", x, packed)
        write_idx(folder / f"{name}-labels-idx1-ubyte", y, packed)


def planes(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def write_cifar10(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(1, 6):
        part = slice(4 * (number - 1), 4 * number)
        batch = {b"data": planes(COLOUR[part]), b"labels": Y[part].tolist(), b"filenames": [b"a.png"] * 4}
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(batch, protocol=2))
    batch = {b"data": planes(COLOUR_TEST), b"labels": Y_TEST.tolist()}
    (folder / "test_batch").write_bytes(pickle.dumps(batch, protocol=2))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_idx_files(tmp_path: Path, name: str, packed: bool) -> None:
    write_mnist(tmp_path, packed)
    data = load_dataset(name, tmp_path)
    assert (data.name, data.input_shape, len(data.classes)) == (name, (28, 28, 1), 10)
    assert np.array_equal(np.rint(data.train_x[..., 0] * 255), GREY)
    assert np.array_equal(np.rint(data.test_x[..., 0] * 255), GREY_TEST)
    assert np.array_equal(data.train_y, Y[:12]) and np.array_equal(data.test_y, Y_TEST[:5])
    assert (data.train_x.dtype, data.train_y.dtype, data.train_groups) == (np.float32, np.int32, None)


def test_a_named_folder_goes_before_loose_files(tmp_path: Path) -> None:
    """MNIST's and Fashion-MNIST's files have the same names."""
    write_mnist(tmp_path / "fashion-mnist", True)
    write_mnist(tmp_path, False)
    write_idx(tmp_path / "train-images-idx3-ubyte", 255 - GREY, False)
    assert np.array_equal(np.rint(load_dataset("fashion_mnist", tmp_path).train_x[..., 0] * 255), GREY)
    assert np.array_equal(np.rint(load_dataset("mnist", tmp_path).train_x[..., 0] * 255), 255 - GREY)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_an_archive_like_those_of_keras(tmp_path: Path, name: str) -> None:
    x, x_test = (COLOUR, COLOUR_TEST) if name.startswith("cifar") else (GREY, GREY_TEST)
    y, y_test = Y[: len(x)], Y_TEST[: len(x_test), np.newaxis]
    np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    data = load_dataset(name, tmp_path)
    expected = standardised(x, x) if name.startswith("cifar") else x[..., np.newaxis] / 255
    np.testing.assert_allclose(data.train_x, expected, atol=1e-5)
    assert np.array_equal(data.test_y, y_test[:, 0])


@pytest.mark.parametrize("folder", [".", "cifar-10-batches-py"])
def test_batches_of_cifar10(tmp_path: Path, folder: str) -> None:
    write_cifar10(tmp_path / folder)
    data = load_dataset("cifar10", tmp_path)
    np.testing.assert_allclose(data.train_x, standardised(COLOUR, COLOUR), atol=1e-5)
    np.testing.assert_allclose(data.test_x, standardised(COLOUR, COLOUR_TEST), atol=1e-5)
    assert np.array_equal(data.train_y, Y) and np.array_equal(data.test_y, Y_TEST)


def test_batches_of_cifar100(tmp_path: Path) -> None:
    for name, x, y in (("train", COLOUR, Y), ("test", COLOUR_TEST, Y_TEST)):
        batch = {b"data": planes(x), b"fine_labels": (y + 90).tolist(), b"coarse_labels": y.tolist()}
        (tmp_path / name).write_bytes(pickle.dumps(batch, protocol=2))
    data = load_dataset("cifar100", tmp_path)
    assert len(set(data.classes)) == 100 and list(data.classes) == sorted(data.classes)
    assert np.array_equal(data.train_y, Y.astype(int) + 90)
    np.testing.assert_allclose(data.train_x, standardised(COLOUR, COLOUR), atol=1e-5)


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path.touch, (self.path,)


def test_a_hostile_batch_runs_nothing(tmp_path: Path) -> None:
    write_cifar10(tmp_path)
    mark = tmp_path / "touched"
    (tmp_path / "data_batch_3").write_bytes(pickle.dumps({b"data": Hostile(mark), b"labels": [1]}, protocol=2))
    pickle.loads((tmp_path / "data_batch_3").read_bytes())
    assert mark.exists(), "the pickle of this test does no harm"
    mark.unlink()
    with pytest.raises(UserError, match=r"data_batch_3 as a CIFAR batch: it asks for .*getattr, which no"):
        load_dataset("cifar10", tmp_path)
    assert not mark.exists()


def write_har(folder: Path) -> dict[str, np.ndarray]:
    """The published text files; returns what they hold."""
    held: dict[str, np.ndarray] = {}
    for split, count in (("train", 7), ("test", 4)):
        (folder / split / "Inertial Signals").mkdir(parents=True)
        x = RANDOM.normal(1, 2, (count, 128, 9)).astype(np.float32)
        names = [f"{kind}_{axis}" for kind in ("body_acc", "body_gyro", "total_acc") for axis in "xyz"]
        for channel, name in enumerate(names):
            rows = "\n".join("  " + " ".join(f"{value: .7e}" for value in row) for row in x[:, :, channel])
            (folder / split / "Inertial Signals" / f"{name}_{split}.txt").write_text(rows + "\n")
        held |= {f"x_{split}": x, f"y_{split}": np.arange(count) % 6, f"subject_{split}": np.arange(count) // 2 + 1}
        (folder / split / f"y_{split}.txt").write_text("\n".join(str(k % 6 + 1) for k in range(count)))
        (folder / split / f"subject_{split}.txt").write_text("\n".join(str(k // 2 + 1) for k in range(count)))
    return held


@pytest.mark.parametrize("form", ["published", "archive"])
def test_human_activity(tmp_path: Path, form: str) -> None:
    held = write_har(tmp_path / "UCI HAR Dataset")
    folder = tmp_path
    if form == "archive":
        folder = tmp_path / "archive"
        folder.mkdir()
        scale = np.linspace(0.5, 2, 9).astype(np.float32)
        stored = {key: value / scale if key.startswith("x") else value for key, value in held.items()}
        np.savez(folder / "uci_har.npz", **stored, scale=scale)
    data = load_dataset("uci_har", folder)
    assert data.input_shape == (128, 1, 9)
    np.testing.assert_allclose(data.train_x[:, :, 0], standardised(held["x_train"], held["x_train"]), atol=1e-5)
    np.testing.assert_allclose(data.test_x[:, :, 0], standardised(held["x_train"], held["x_test"]), atol=1e-5)
    assert np.array_equal(data.train_y, held["y_train"]) and np.array_equal(data.test_y, held["y_test"])
    assert np.array_equal(data.train_groups, held["subject_train"])
    assert np.array_equal(data.test_groups, held["subject_test"])


def test_a_missing_file_is_named_with_every_layout_that_would_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no file of mnist.*mnist\.npz; or train-images-idx3-ubyte") as error:
        load_dataset("mnist", tmp_path)
    assert str(tmp_path) in str(error.value)
    write_cifar10(tmp_path)
    (tmp_path / "data_batch_4").unlink()
    with pytest.raises(UserError, match=r"lacks data_batch_4; cifar10 is read from cifar10\.npz; or .*cifar10_part0"):
        load_dataset("cifar10", tmp_path)
    write_har(tmp_path / "UCI HAR Dataset")
    (tmp_path / "UCI HAR Dataset" / "test" / "subject_test.txt").unlink()
    with pytest.raises(UserError, match=r"UCI HAR Dataset lacks test/subject_test\.txt"):
        load_dataset("uci_har", tmp_path)
    with pytest.raises(UserError, match=r"nowhere does not exist; give --data-dir a folder with fashion_mnist\.npz"):
        load_dataset("fashion_mnist", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["uci_har", "speech_commands"])
def test_what_is_not_downloaded_needs_a_folder(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is not downloaded; give --data-dir"):
        load_dataset(name)


def test_a_failing_download_names_the_option_and_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras.datasets.mnist

    def offline() -> None:
        print("Downloading data")
        raise Exception("URL fetch failure on mnist.npz:\nno route to host")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", offline)
    with pytest.raises(UserError, match=r"cannot download mnist: URL .*no route to host; give --data-dir .*mnist\.npz"):
        load_dataset("mnist")


def test_keras_own_cache_is_used(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import keras.datasets.cifar100

    def load_data() -> tuple:
        print("Downloading data")
        return (COLOUR, Y[:, np.newaxis]), (COLOUR_TEST, Y_TEST[:, np.newaxis])

    monkeypatch.setattr(keras.datasets.cifar100, "load_data", load_data)
    assert np.array_equal(load_dataset("cifar100").train_y, Y)
    assert capsys.readouterr().out == "", "standard output is for --json"


def damaged(tmp_path: Path, file: str, data: bytes) -> None:
    write_mnist(tmp_path, False)
    (tmp_path / file).write_bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no IDX file of bytes"),
        (b"\0\0\x0d\3" + bytes(12), "is no IDX file of bytes"),
        (b"\0\0\x08\3\0\0", "has 6 bytes where its header promises 16"),
        (b"\0\0\x08\1" + struct.pack(">I", 9) + bytes(8), "has 16 bytes where its header promises 17"),
    ],
)
def test_damaged_idx_files(tmp_path: Path, data: bytes, reason: str) -> None:
    damaged(tmp_path, "t10k-labels-idx1-ubyte", data)
    with pytest.raises(UserError, match=f"t10k-labels-idx1-ubyte {reason}.*fetch it again"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(bytes(1000), mtime=0)[:-12]], ids=["no gzip", "cut"])
def test_damaged_gzip_files(tmp_path: Path, data: bytes) -> None:
    write_mnist(tmp_path, True)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(data)
    with pytest.raises(UserError, match=r"cannot read .*train-labels-idx1-ubyte\.gz: .*; fetch it again"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize("data", [b"", b"no zip", pickle.dumps({})])
def test_damaged_archives(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mnist.npz").write_bytes(data)
    with pytest.raises(UserError, match=r"cannot read .*mnist\.npz: .*; use a \.npz file"):
        load_dataset("mnist", tmp_path)


def test_a_table_with_a_word_is_refused(tmp_path: Path) -> None:
    write_har(tmp_path)
    (tmp_path / "train" / "y_train.txt").write_text("1\nwalking\n")
    with pytest.raises(UserError, match=r"cannot read .*y_train\.txt: .*walking"):
        load_dataset("uci_har", tmp_path)

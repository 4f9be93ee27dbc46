"""Real data, where the folder with it lies beside this checkout."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from trainer.datasets import load_dataset
from trainer.datasets.residual_images import decode, read_parts

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

needs_data = pytest.mark.skipif(not (DATA / "load.py").is_file(), reason=f"data folder is missing: {DATA}")


def residuals(images: np.ndarray) -> np.ndarray:
    """Pixel by pixel, as the predictor is defined; (images, height, width, 3) to (3, images, height, width)."""
    red, green, blue = (images[..., channel].astype(int) for channel in range(3))
    out = np.zeros((3, *images.shape[:3]), np.uint8)
    for plane, values in enumerate((green, (red - green) % 256, (blue - green) % 256)):
        for image, row, column in np.ndindex(values.shape):
            left = values[image, row, column - 1] if column else 0
            above = values[image, row - 1, column] if row else 0
            corner = values[image, row - 1, column - 1] if row and column else 0
            median = sorted((left, above, left + above - corner))[1]
            out[plane, image, row, column] = (values[image, row, column] - median) % 256
    return out


@pytest.mark.parametrize("shape", [(3, 7, 5, 3), (2, 5, 7, 3), (4, 1, 6, 3), (4, 6, 1, 3), (131, 3, 3, 3)])
def test_decoding_undoes_the_predictor(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(6).integers(0, 256, shape, np.uint8)
    images[1:] //= 9  # smooth ones too
    assert np.array_equal(decode(residuals(images)), images)


def test_parts_go_back_to_their_original_places(tmp_path: Path) -> None:
    images = np.random.default_rng(7).integers(0, 256, (9, 32, 32, 3), np.uint8)
    labels = np.arange(9).astype(np.uint8)
    for number, places in enumerate(([7, 0, 4], [1, 8], [3, 2, 6, 5])):
        part = {"r": residuals(images[places]), "y": labels[places], "i": np.array(places, np.int32)}
        arrays = {f"{key}_{split}": value for key, value in part.items() for split in ("train", "test")}
        np.savez(tmp_path / f"cifar10_part{number}.npz", **arrays)
    raw = read_parts(tuple(sorted(tmp_path.iterdir())))
    assert np.array_equal(raw.train_x, images) and np.array_equal(raw.train_y, labels)
    data = load_dataset("cifar10", tmp_path)
    assert np.array_equal(data.test_y, labels)
    (tmp_path / "cifar10_part1.npz").unlink()
    assert load_dataset("cifar10", tmp_path).train_y.tolist() == [0, 2, 3, 4, 5, 6, 7]


@pytest.fixture(scope="module")
def reader() -> ModuleType:
    """The data folder's own loader."""
    spec = importlib.util.spec_from_file_location("shared_data_load", DATA / "load.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_data
def test_a_part_of_cifar10_is_what_the_folders_own_loader_reads(reader: ModuleType) -> None:
    raw = read_parts((DATA / "cifar10_part0.npz",))
    for (x, y), ours, labels in zip(
        reader.cifar10([0]), (raw.train_x, raw.test_x), (raw.train_y, raw.test_y), strict=True
    ):
        assert np.array_equal(ours, x) and np.array_equal(labels, y)
    assert np.array_equal(np.bincount(raw.train_y), [1250] * 10)
    assert np.array_equal(np.bincount(raw.test_y), [250] * 10)


@needs_data
def test_fashion_mnist_is_complete() -> None:
    data = load_dataset("fashion_mnist", DATA)
    assert (data.train_x.shape, data.test_x.shape) == ((60000, 28, 28, 1), (10000, 28, 28, 1))
    assert np.array_equal(np.bincount(data.train_y), [6000] * 10)
    assert np.array_equal(np.bincount(data.test_y), [1000] * 10)
    assert (data.train_x.min(), data.train_x.max()) == (0.0, 1.0)


@needs_data
def test_human_activity_keeps_subjects_apart(reader: ModuleType) -> None:
    data = load_dataset("uci_har", DATA)
    (x, y, people), (x_test, y_test, people_test) = reader.uci_har(np.float64)
    mean, deviation = x.mean(axis=(0, 1)), x.std(axis=(0, 1))
    np.testing.assert_allclose(data.train_x[:, :, 0], (x - mean) / deviation, atol=1e-4)
    np.testing.assert_allclose(data.test_x[:, :, 0], (x_test - mean) / deviation, atol=1e-4)
    assert np.array_equal(data.train_y, y) and np.array_equal(data.test_y, y_test)
    assert np.array_equal(data.train_groups, people) and np.array_equal(data.test_groups, people_test)
    assert len(np.unique(people)) == 21 and not set(people) & set(people_test)

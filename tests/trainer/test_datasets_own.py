"""A user's own samples, and every way in which they can be wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.datasets import DATASETS, Dataset, check_dataset_name, load_dataset
from trainer.datasets.checked import make_dataset
from trainer.datasets.raw import Raw

X = np.random.default_rng(1).normal(size=(9, 4, 5, 2))
Y = np.arange(9) % 3


def save(path: Path, **changes: Any) -> str:
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:4], "y_test": Y[:4]} | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return str(path)


def test_a_file_of_arrays(tmp_path: Path) -> None:
    people = np.array([4, 4, 5, 5, 6, 6, 7, 7, 7])
    name = save(tmp_path / "mine.npz", subject_train=people, group_test=people[:4], classes=np.array(["a", "b", "c"]))
    data = load_dataset(name)
    assert (data.name, data.classes, data.input_shape) == ("mine", ("a", "b", "c"), (4, 5, 2))
    assert np.array_equal(data.train_x, X.astype(np.float32)) and np.array_equal(data.train_y, Y)
    assert np.array_equal(data.train_groups, people) and np.array_equal(data.test_groups, people[:4])
    assert {array.dtype for array in (data.train_y, data.test_y, data.train_groups)} == {np.dtype(np.int32)}


def test_a_file_is_found_below_the_data_folder(tmp_path: Path) -> None:
    save(tmp_path / "mine.npz")
    assert load_dataset("mine.npz", tmp_path).classes == ("0", "1", "2")
    with pytest.raises(UserError, match=r"cannot read mine\.npz"):
        load_dataset("mine.npz")


def test_bytes_images_and_windows(tmp_path: Path) -> None:
    image = np.arange(9 * 16, dtype=np.uint8).reshape(9, 4, 4)
    data = load_dataset(save(tmp_path / "grey.npz", x_train=image, x_test=image[:4]))
    np.testing.assert_allclose(data.train_x, image[..., np.newaxis] / 255, rtol=1e-6)
    scale = np.array([0.5, 2, 4, 8], np.float32)
    named = save(
        tmp_path / "w.npz", x_train=image, x_test=image[:4], scale=scale, channels=np.array(["a", "b", "c", "d"])
    )
    data = load_dataset(named)
    assert data.input_shape == (4, 1, 4)
    np.testing.assert_allclose(data.train_x[:, :, 0], image * scale.astype(float), rtol=1e-6)


WRONG = {
    "flat": ({"x_train": X.reshape(9, -1)}, r"x_train of mine has shape \(9, 40\); use \(samples, height, width\)"),
    "shapes": ({"x_test": X[:4, :3]}, r"different shapes, \(4, 5, 2\) and \(3, 5, 2\)"),
    "nan": ({"x_train": np.where(np.arange(9)[:, None, None, None] == 6, np.nan, X)}, "NaN or infinity.* sample 6"),
    "overflow": ({"x_test": X[:4] * 1e300}, "x_test of mine holds NaN or infinity, first in sample 0"),
    "text": ({"x_train": X.astype(str)}, "x_train of mine has type <U.*; use an array of real numbers"),
    "complex": ({"x_train": X + 1j}, "x_train of mine has type complex128"),
    "empty": ({"x_test": X[:0], "y_test": Y[:0]}, r"x_test of mine is empty \(shape \(0, 4, 5, 2\)\)"),
    "short": ({"y_train": Y[:8]}, "y_train of mine has 8 entries for 9 samples"),
    "negative": ({"y_train": Y - 1}, "y_train of mine holds label -1 at 0; labels are whole numbers, 0 or more"),
    "unseen": ({"y_test": Y[:4] + 2}, "y_test of mine holds label 3 at 1; labels are whole numbers, 0 to 2"),
    "few names": ({"classes": np.array(["a", "b"])}, "y_train of mine holds label 2 at 2; .* 0 to 1"),
    "fraction": ({"y_train": Y + 0.5}, "y_train of mine holds 0.5 at 0; use whole numbers"),
    "one-hot": ({"y_train": np.eye(3)[Y]}, r"y_train of mine has shape \(9, 3\); use one whole number per sample"),
    "one class": ({"y_train": Y * 0, "y_test": Y[:4] * 0}, "mine has fewer than 2 classes"),
    "subjects": ({"subject_train": Y[:3]}, "subject_train of mine has 3 entries for 9 samples"),
    "large": ({"y_train": Y + 2**40}, "y_train of mine holds 1099511627776 at 0"),
    "no labels": ({"y_test": None}, r"mine\.npz lacks y_test; it holds x_train, y_train, x_test"),
    "scale": ({"scale": np.ones(7)}, r"scale of .*mine\.npz: .*; use one number, or one per channel"),
    "objects": ({"x_train": np.array([None, "a"])}, r"cannot read .*mine\.npz: Object arrays"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arrays_are_refused_in_one_line(tmp_path: Path, case: str) -> None:
    changes, reason = WRONG[case]
    with pytest.raises(UserError, match=reason) as error:
        load_dataset(save(tmp_path / "mine.npz", **changes))
    assert "\n" not in str(error.value)


def test_a_single_array_is_no_dataset(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", X)
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(UserError, match=r"holds a single array; use a .npz file with x_train"):
        load_dataset(str(tmp_path / "one.npz"))


FUNCTIONS = """
import numpy as np
from trainer.datasets import Dataset
x, y = np.ones((6, 3, 3), np.float64), np.arange(6) % 2
def four(): return x, y, x[:2], y[:2]
def pairs(): return (x, y), (x[:2], y[:2])
def whole(): return Dataset("mine", ("no", "yes"), x[..., None], y, x[:2, ..., None], y[:2], train_groups=y)
def wrong(): return [x, y]
def broken(): return {}["samples"]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A module in the current folder; each test its own, as Python keeps what it imported."""
    name = f"own_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize("function", ["four", "pairs", "whole"])
def test_a_function_in_the_current_folder(module: str, function: str) -> None:
    data = load_dataset(f"{module}:{function}")
    assert isinstance(data, Dataset)
    assert (data.input_shape, data.train_x.dtype, data.train_y.dtype) == ((3, 3, 1), np.float32, np.int32)
    assert np.array_equal(data.train_y, [0, 1] * 3) and np.array_equal(data.test_y, [0, 1])
    assert (data.name, data.classes) == (("mine", ("no", "yes")) if function == "whole" else (function, ("0", "1")))
    assert (data.train_groups is None) == (function != "whole")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("wrong", r"wrong returned list; return \(x_train, y_train, x_test, y_test\) or a Dataset"),
        ("broken", "broken failed with KeyError: 'samples'"),
        ("absent", "absent failed with AttributeError"),
    ],
)
def test_a_wrong_function_is_refused(module: str, function: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        load_dataset(f"{module}:{function}")


def test_a_module_that_does_not_exist_is_named() -> None:
    with pytest.raises(UserError, match=r"no_such_module:load failed with ModuleNotFoundError.*no_such_module"):
        load_dataset("no_such_module:load")


def test_names_are_checked_without_loading() -> None:
    assert DATASETS.names == ("digits", "mnist", "fashion_mnist", "cifar10", "cifar100", "uci_har", "speech_commands")
    for name in (*DATASETS.names, "package.module:load", "some/where/mine.npz", "C:\\mine.npz"):
        assert check_dataset_name(name) == name
    with pytest.raises(UserError, match=r"unknown dataset 'x'; choose from: digits, .*module:function or FILE\.npz"):
        check_dataset_name("x")
    for name in ("a/b.py:load", "module:", ":load", "module:two words"):
        with pytest.raises(UserError, match=r"write it as package.module:function"):
            check_dataset_name(name)


def test_digits_are_split_once_stratified_and_scaled() -> None:
    data, again = load_dataset("digits"), load_dataset("digits", Path("anywhere"))
    assert (len(data.train_y), len(data.test_y)) == (1437, 360)
    assert data.input_shape == (8, 8, 1)
    assert np.array_equal(data.test_x, again.test_x)
    assert (data.train_x.dtype, data.train_y.dtype) == (np.float32, np.int32)
    assert (data.train_x.min(), data.train_x.max()) == (0.0, 1.0)
    shares = [np.bincount(labels, minlength=10) / len(labels) for labels in (data.train_y, data.test_y)]
    assert np.abs(shares[0] - shares[1]).max() < 0.003


def test_a_constant_channel_is_only_centred() -> None:
    x = np.stack([np.full((9, 4, 4), 3.0), np.arange(144).reshape(9, 4, 4)], axis=-1)
    data = make_dataset("still", None, Raw(x, Y, x[:4], Y[:4]), standardised=True)
    assert np.array_equal(data.train_x[..., 0], np.zeros((9, 4, 4)))
    np.testing.assert_allclose([data.train_x[..., 1].mean(), data.train_x[..., 1].std()], [0, 1], atol=1e-6)

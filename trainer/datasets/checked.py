"""Arrays that are checked become a dataset."""

from collections.abc import Sequence

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.dataset import Dataset
from trainer.datasets.raw import Array, Raw
from trainer.datasets.scaling import standardise, to_float
from trainer.tensors import Float32, Int32

_INT32 = np.iinfo(np.int32)


def make_dataset(name: str, classes: Sequence[str] | None, raw: Raw, standardised: bool = False) -> Dataset:
    """Check every array and bring it to its final type and shape.

    Args:
        name: for messages and reports.
        classes: name of each class; None numbers them up to the largest training label.
        raw: the arrays; uint8 samples are scaled to 0 to 1.
        standardised: give each channel mean 0 and variance 1 over the training samples.

    Raises:
        UserError: an array is empty, not numeric, not finite, of the wrong shape or length, or holds a label that
            is not a class.
    """
    train_x, test_x = (_samples(x, f"x_{s} of {name}") for s, x in (("train", raw.train_x), ("test", raw.test_x)))
    if train_x.shape[1:] != test_x.shape[1:]:
        raise UserError(
            f"x_train and x_test of {name} hold samples of different shapes, {train_x.shape[1:]} and "
            f"{test_x.shape[1:]}; make them equal"
        )
    labels = _labels(raw.train_y, len(train_x), f"y_train of {name}", None if classes is None else len(classes))
    names = tuple(str(k) for k in range(labels.max() + 1)) if classes is None else tuple(str(k) for k in classes)
    if len(names) < 2:
        raise UserError(f"{name} has fewer than 2 classes; there is nothing to tell apart")
    test_labels = _labels(raw.test_y, len(test_x), f"y_test of {name}", len(names))
    groups = _groups(raw.train_groups, len(train_x), f"subject_train of {name}")
    test_groups = _groups(raw.test_groups, len(test_x), f"subject_test of {name}")
    if standardised:
        standardise(train_x, test_x)
    return Dataset(name, names, train_x, labels, test_x, test_labels, groups, test_groups)


def _numeric(array: Array, what: str) -> Array:
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise UserError(f"{what} has type {array.dtype}; use an array of real numbers")
    if array.size == 0:
        raise UserError(f"{what} is empty (shape {array.shape}); give at least one sample")
    return array


def _samples(array: Array, what: str) -> Float32:
    array = _numeric(array, what)
    if array.ndim not in (3, 4):
        raise UserError(
            f"{what} has shape {array.shape}; use (samples, height, width) or (samples, height, width, channels)"
        )
    x = to_float(array if array.ndim == 4 else array[..., np.newaxis])
    if array.dtype.kind == "f":
        _check_finite(x, what)
    return x


def _check_finite(x: Float32, what: str) -> None:
    finite = np.isfinite(x).all(axis=(1, 2, 3))
    if not finite.all():
        raise UserError(f"{what} holds NaN or infinity, first in sample {int(np.argmin(finite))}; remove or replace it")


def _labels(array: Array, samples: int, what: str, classes: int | None) -> Int32:
    """Whole numbers from 0, at most ``classes`` - 1."""
    labels = _whole_numbers(array, samples, what)
    last = _INT32.max if classes is None else classes - 1
    wrong = (labels < 0) | (labels > last)
    if wrong.any():
        at = int(np.argmax(wrong))
        allowed = "0 or more" if classes is None else f"0 to {last}"
        raise UserError(f"{what} holds label {int(labels[at])} at {at}; labels are whole numbers, {allowed}")
    return labels


def _groups(array: Array | None, samples: int, what: str) -> Int32 | None:
    return None if array is None else _whole_numbers(array, samples, what)


def _whole_numbers(array: Array, samples: int, what: str) -> Int32:
    """int32 (samples,), from the same numbers of any type and perhaps of shape (samples, 1)."""
    array = _numeric(array, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"{what} has shape {array.shape}; use one whole number per sample, not one-hot rows")
    if len(array) != samples:
        raise UserError(f"{what} has {len(array)} entries for {samples} samples; make the lengths equal")
    with np.errstate(invalid="ignore"):
        whole = (array == np.floor(array)) & (array >= _INT32.min) & (array <= _INT32.max)
    if not whole.all():
        at = int(np.argmin(whole))
        raise UserError(f"{what} holds {array[at]} at {at}; use whole numbers of 32 bits")
    return array.astype(np.int32)

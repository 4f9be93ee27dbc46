"""Human activity from a phone at the waist: windows of 2.56 s, 128 samples of 9 channels, by subject.

D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz: "A Public Domain Dataset for Human Activity Recognition
Using Smartphones", 2013. Channels: body acceleration, angular velocity and total acceleration, x y z each; every
channel has mean 0 and variance 1 over the training windows. A sample is (128, 1, 9): time is the height.
"""

from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.checked import make_dataset
from trainer.datasets.dataset import Dataset
from trainer.datasets.layouts import Layout, describe, read_layouts
from trainer.datasets.npz import SPLIT_KEYS, read_npz
from trainer.datasets.raw import Array, Raw, windows

_CLASSES = ("walking", "walking upstairs", "walking downstairs", "sitting", "standing", "laying")
_SIGNALS = tuple(f"{kind}_{axis}" for kind in ("body_acc", "body_gyro", "total_acc") for axis in "xyz")


def _read_archive(paths: tuple[Path, ...]) -> Raw:
    """One ``.npz`` file; samples times ``scale``, where it is there, are in g and rad/s."""
    (path,) = paths
    arrays = read_npz(path, (*SPLIT_KEYS, "subject_train", "subject_test"), ("scale",))
    scale = arrays.get("scale", np.ones(1, np.float32)).astype(np.float32)
    train_x, test_x = (_archived_windows(arrays[f"x_{split}"], scale, path) for split in ("train", "test"))
    return Raw(train_x, arrays["y_train"], test_x, arrays["y_test"], arrays["subject_train"], arrays["subject_test"])


def _archived_windows(x: Array, scale: Array, path: Path) -> Array:
    if x.ndim != 3 or x.shape[2] != len(_SIGNALS) or scale.size not in (1, len(_SIGNALS)):
        raise UserError(f"{path} holds windows of shape {x.shape}; use (windows, 128, {len(_SIGNALS)})")
    return windows(x.astype(np.float32) * scale.reshape(-1))


def _read_published(paths: tuple[Path, ...]) -> Raw:
    """The text files as published; labels 1 to 6 become 0 to 5."""
    tables = [_read_table(path) for path in paths]
    (*train, train_y, train_groups), (*test, test_y, test_groups) = (
        tables[: len(tables) // 2],
        tables[len(tables) // 2 :],
    )
    for signals, where in ((train, paths[0]), (test, paths[len(tables) // 2])):
        if len({signal.shape for signal in signals}) != 1:
            raise UserError(f"the signals beside {where} differ in length; fetch the files again")
    train_x, test_x = (windows(np.stack(signals, axis=-1)) for signals in (train, test))
    return Raw(train_x, train_y - 1, test_x, test_y - 1, train_groups, test_groups)


def _read_table(path: Path) -> Array:
    try:
        return np.loadtxt(path, np.float32, ndmin=2)
    except ValueError as error:
        raise UserError(f"cannot read {path}: {error}; fetch it again") from error


def _published_files(split: str) -> tuple[str, ...]:
    signals = (f"{split}/Inertial Signals/{signal}_{split}.txt" for signal in _SIGNALS)
    return (*signals, f"{split}/y_{split}.txt", f"{split}/subject_{split}.txt")


_LAYOUTS = (
    Layout(("uci_har.npz",), _read_archive),
    Layout(
        (*_published_files("train"), *_published_files("test")),
        _read_published,
        folders=("UCI HAR Dataset", "."),
    ),
)


def load_uci_har(data_dir: Path | None) -> Dataset:
    """About 7,400 training windows of 21 subjects and 3,000 test windows of 9 others, 6 classes.

    Raises:
        UserError: there is no data folder, or it lacks a file.
    """
    if data_dir is None:
        raise UserError(f"uci_har is not downloaded; give --data-dir a folder with {describe(_LAYOUTS)}")
    return make_dataset("uci_har", _CLASSES, read_layouts("uci_har", data_dir, _LAYOUTS), standardised=True)

"""A user's own samples: a function in a module, or a ``.npz`` file."""

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.checked import make_dataset
from trainer.datasets.dataset import Dataset
from trainer.datasets.npz import SPLIT_KEYS, read_npz
from trainer.datasets.raw import Raw, windows

OWN_FORMS = "your own as module:function or FILE.npz"
"""For messages."""

_OPTIONAL_KEYS = ("subject_train", "subject_test", "group_train", "group_test", "classes", "scale", "channels")


def is_own(name: str) -> bool:
    """Whether a dataset's name is a path or a function."""
    return name.endswith(".npz") or ":" in name


def check_own(name: str) -> str:
    """Return the name of a user's own dataset; nothing is read.

    Raises:
        UserError: it is neither a ``.npz`` file nor ``module:function``.
    """
    module, _, function = name.partition(":")
    names = (*module.split("."), function)
    if not name.endswith(".npz") and not all(part.isidentifier() for part in names):
        raise UserError(f"dataset {name!r} is not a module and a function; write it as package.module:function")
    return name


def load_own(name: str, data_dir: Path | None) -> Dataset:
    """Read the file (below the data folder where it is not found as it stands) or call the function.

    Raises:
        UserError: it cannot be read, called or used.
    """
    if not name.endswith(".npz"):
        return _from_function(check_own(name))
    path = Path(name).expanduser()
    if not path.exists() and data_dir is not None:
        path = data_dir / path
    return _from_file(path)


def _from_file(path: Path) -> Dataset:
    """``x_*`` times ``scale``; a file that names its ``channels`` holds windows (samples, time, channels)."""
    arrays = read_npz(path, SPLIT_KEYS, _OPTIONAL_KEYS)
    for split in ("train", "test"):
        x = arrays[f"x_{split}"]
        if "scale" in arrays:
            x = _scaled(x, arrays["scale"], path)
        if "channels" in arrays and x.ndim == 3:
            x = windows(x)
        arrays[f"x_{split}"] = x
    groups = [arrays.get(f"subject_{split}", arrays.get(f"group_{split}")) for split in ("train", "test")]
    classes = arrays.get("classes")
    names = None if classes is None else [str(name) for name in classes.reshape(-1)]
    return make_dataset(path.stem, names, Raw(*(arrays[key] for key in SPLIT_KEYS), *groups))


def _scaled(x: np.ndarray, scale: np.ndarray, path: Path) -> np.ndarray:
    try:
        return x * scale.astype(np.float32)
    except (ValueError, TypeError) as error:
        raise UserError(f"scale of {path}: {error}; use one number, or one per channel") from error


def _from_function(name: str) -> Dataset:
    module_name, _, function_name = name.partition(":")
    with _current_folder_importable():
        try:
            function = getattr(importlib.import_module(module_name), function_name)
            made = function()
        except UserError:
            raise
        except Exception as error:  # anything can go wrong in a user's code
            reason = " ".join(str(error).split())
            raise UserError(
                f"dataset {name} failed with {type(error).__name__}: {reason}; call it in Python to see where"
            ) from error
    if isinstance(made, Dataset):
        raw = Raw(made.train_x, made.train_y, made.test_x, made.test_y, made.train_groups, made.test_groups)
        return make_dataset(made.name, made.classes, raw)
    return make_dataset(function_name, None, _from_tuple(made, name))


def _from_tuple(made: object, name: str) -> Raw:
    """(x_train, y_train, x_test, y_test), or the two pairs that keras.datasets return."""
    if isinstance(made, tuple) and len(made) == 2 and all(isinstance(pair, tuple) and len(pair) == 2 for pair in made):
        made = (*made[0], *made[1])
    if not isinstance(made, tuple) or len(made) != len(SPLIT_KEYS):
        raise UserError(f"dataset {name} returned {type(made).__name__}; return ({', '.join(SPLIT_KEYS)}) or a Dataset")
    return Raw(*(np.asarray(array) for array in made))


@contextlib.contextmanager
def _current_folder_importable() -> Iterator[None]:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)

"""Arrays from a ``.npz`` file."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.raw import Array, Raw

SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")
"""What every ``.npz`` file of samples holds, as the files of keras.datasets do."""


def read_npz(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Array]:
    """Read arrays by name; nothing in the file can run code.

    Args:
        path: the file.
        needed: arrays that must be there.
        optional: arrays that may be there.

    Raises:
        UserError: the file cannot be read or lacks an array.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise UserError(f"{path} holds a single array; use a .npz file with {', '.join(needed)}")
        with file:
            missing = [key for key in needed if key not in file.files]
            if missing:
                raise UserError(f"{path} lacks {', '.join(missing)}; it holds {', '.join(file.files) or 'nothing'}")
            return {key: file[key] for key in (*needed, *optional) if key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"cannot read {path}: {reason}; use a .npz file of plain arrays") from error


def read_split(paths: tuple[Path, ...]) -> Raw:
    """Samples and labels of one file with :data:`SPLIT_KEYS`."""
    (path,) = paths
    arrays = read_npz(path, SPLIT_KEYS)
    return Raw(*(arrays[key] for key in SPLIT_KEYS))

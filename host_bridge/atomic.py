"""Files and folders that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_bridge.errors import UserError


def write_whole(path: Path, data: bytes | str, *, durable: bool = False) -> None:
    """Write ``data`` to a temporary name beside ``path``, then rename it there.

    Args:
        path: where to.
        data: text is written as UTF-8.
        durable: whether the file has to be on the disk before the name is, so that even a power cut leaves it whole.

    Raises:
        UserError: the folder cannot be created or written.
    """
    payload = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(payload)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staged_directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces ``path`` when the block ends without an exception.

    Raises:
        UserError: the parent folder cannot be created or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield staging
        staging.chmod(0o755)
        _replace(staging, path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _replace(staging: Path, path: Path) -> None:
    """Put ``staging`` where ``path`` is; the old folder is gone only once the new one is there."""
    try:
        if path.is_dir():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
            path.replace(old)
            staging.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            staging.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    reason = error.strerror or type(error).__name__
    return UserError(f"cannot write {path}: {reason}; choose another --out folder")

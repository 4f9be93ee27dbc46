"""A run's files appear in its folder at the end, each whole; one that fails leaves its checkpoint and log of rounds."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from host_bridge.errors import UserError

FIRMWARE = "firmware"
_FIRMWARE_MARK = "report.json"


_STAGING = ".run-"
_LEFT_BY_A_KILL = (f"{_STAGING}*", ".checkpoint.npz.*")


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Keep other runs out of ``out`` while the block runs, and clear away what one that was killed has left half-made.

    Folders that had to be created go away again if they are empty at the end.

    Raises:
        UserError: ``out`` cannot be created, another run is at work in it, or it holds a folder ``firmware`` that no
            run has made.
    """
    out = out.resolve()
    created = [folder for folder in (out, *out.parents) if not folder.exists()]
    _check_replaceable(out)
    try:
        with _locked(out):
            for stale in (path for pattern in _LEFT_BY_A_KILL for path in out.glob(pattern)):
                shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
            yield
    finally:
        _remove_empty(created)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """The lock is the kernel's, so it goes away with the process however that ends."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        with suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"another run is at work in {out}; wait, or choose another --out folder") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def staged_run(out: Path) -> Iterator[Path]:
    """Yield an empty folder inside ``out``; when the block ends well, its entries replace those of ``out``.

    Other files of ``out`` stay.

    Raises:
        UserError: ``out`` cannot be created or written, or holds a folder ``firmware`` that no run has made.
    """
    out = out.resolve()
    _check_replaceable(out)
    staging = _make(out)
    try:
        yield staging
        _move_entries(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _check_replaceable(out: Path) -> None:
    old = out / FIRMWARE
    if old.exists() and not (old / _FIRMWARE_MARK).is_file():
        raise UserError(f"{old} exists and is not a generated project; choose another --out folder")


def _make(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=out, prefix=_STAGING))
    except OSError as error:
        raise _unwritable(out, error) from error


def _move_entries(staging: Path, out: Path) -> None:
    """What an earlier run left is moved into the staging folder first, and so goes away with it."""
    old = Path(tempfile.mkdtemp(dir=staging, prefix="."))
    try:
        for entry in sorted(staging.iterdir()):
            if entry != old:
                if (out / entry.name).is_dir():
                    (out / entry.name).replace(old / entry.name)
                entry.replace(out / entry.name)
    except OSError as error:
        raise _unwritable(out, error) from error


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, innermost first, as far as they are empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _unwritable(out: Path, error: OSError) -> UserError:
    reason = error.strerror or type(error).__name__
    return UserError(f"cannot write to {out}: {reason}; choose another --out folder")

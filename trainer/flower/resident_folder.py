"""Where the process that stays listens: a folder of this user's for each SuperNode."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import psutil

_NAME = re.compile(r"fp-gateway-(?P<user>\d+)-(?P<owner>\d+)-\d+")


def folder_of(owner: int) -> Path:
    """Make the folder of a SuperNode, if it is not there.

    Args:
        owner: its process.

    Raises:
        RuntimeError: there is such a folder, and others may enter it.
    """
    folder = Path(tempfile.gettempdir()) / _name(owner)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeError(f"{folder} belongs to another user, or others may enter it; remove it")
    return folder


def remove_stale() -> None:
    """Remove this user's folders whose SuperNode is gone: one that was killed with its whole group left its own."""
    for folder in Path(tempfile.gettempdir()).glob("fp-gateway-*"):
        found = _NAME.fullmatch(folder.name)
        if found is not None and int(found["user"]) == os.getuid() and not _is_owned(folder, int(found["owner"])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_owned(folder: Path, owner: int) -> bool:
    try:
        return psutil.Process(owner).status() != psutil.STATUS_ZOMBIE and folder.name == _name(owner)
    except psutil.NoSuchProcess:
        return False


def _name(owner: int) -> str:
    """Process numbers come again, the times they started at do not."""
    return f"fp-gateway-{os.getuid()}-{owner}-{round(100 * psutil.Process(owner).create_time())}"

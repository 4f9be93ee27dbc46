"""A board's key: 32 random bytes, as 64 hexadecimal digits in a file that only its owner may read."""

import os
import secrets
from pathlib import Path

from host_bridge.errors import UserError
from host_bridge.session import KEY_BYTES

_OTHERS = 0o077


def new_key(path: Path) -> None:
    """Write a new key to a file that must not exist yet.

    Raises:
        UserError: it exists, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    except FileExistsError:
        raise UserError(f"{path} exists; keys are not overwritten, so choose another name or remove it") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another place") from error


def load_key(path: Path) -> bytes:
    """The key in ``path``.

    Raises:
        UserError: no such file, others may read it, or it holds no key.
    """
    try:
        readable_by_others = path.stat().st_mode & _OTHERS
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise UserError(
            f"cannot read the key {path}: {error.strerror}; python -m host_bridge new-key makes one"
        ) from error
    if readable_by_others:
        raise UserError(f"others may read the key {path}; run: chmod 600 {path}")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UserError(
            f"{path} holds no key of {2 * KEY_BYTES} hexadecimal digits; python -m host_bridge new-key makes one"
        )
    return key


def split_key(line: str) -> tuple[str, Path | None]:
    """A line and the file of its board's key, written as ``URL@FILE`` in lists of boards; None where there is none."""
    url, _, key = line.partition("@")
    return url, Path(key) if key else None

"""What firmware with a key has beyond other firmware: the key itself, and Monocypher's source."""

from pathlib import Path

from firmware_gen.board_render import Target
from firmware_gen.boards import Board
from firmware_gen.monocypher import monocypher_files
from host_bridge.errors import UserError

FOLDER = "monocypher"
SOURCE = f"{FOLDER}/monocypher.c"
KEY_HEADER = "src/fp_device_key.h"
_SECRET = (KEY_HEADER, "build/firmware.elf", "build/firmware.hex", "build/firmware.bin")
_PER_LINE = 16


def check_random_numbers(board: Board, target: Target) -> None:
    """Refuse a key for a board that cannot make nonces.

    Raises:
        UserError: it has no random number generator.
    """
    if target == "board" and board.rng.driver == "none":
        raise UserError(
            f"board {board.name} has no [rng] section, and a key needs random numbers on the board; choose another "
            "board, or leave --key out"
        )


def add_key(folder: Path, key: bytes) -> None:
    """Put the key, and what works with it, into a project folder.

    Raises:
        UserError: Monocypher's source cannot be fetched.
    """
    (folder / FOLDER).mkdir()
    for path in monocypher_files():
        (folder / FOLDER / path.name).write_bytes(path.read_bytes())
    header = folder / KEY_HEADER
    header.touch(mode=0o600)
    header.write_text(_header(key), encoding="ascii")
    (folder / ".gitignore").write_text("".join(f"/{name}\n" for name in _SECRET), encoding="ascii")


def hide_key(folder: Path) -> None:
    """Let only the owner read the built files that hold the key."""
    for name in _SECRET:
        if (folder / name).is_file():
            (folder / name).chmod((folder / name).stat().st_mode & 0o700)


def _header(key: bytes) -> str:
    rows = [key[at : at + _PER_LINE] for at in range(0, len(key), _PER_LINE)]
    lines = ",\n    ".join(", ".join(f"0x{byte:02X}" for byte in row) for row in rows)
    return f"""\
/* The key of one board. Secret: keep it, and all that is built with it, out of repositories and reports. */
#ifndef FP_DEVICE_KEY_H
#define FP_DEVICE_KEY_H

#include <stdint.h>

static const uint8_t fp_device_key[{len(key)}] = {{
    {lines},
}};

#endif
"""

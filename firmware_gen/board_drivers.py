"""The C drivers that board files name: where they are, and which keys they take."""

import re
from collections.abc import Collection
from pathlib import Path

from host_bridge.errors import UserError

PORT_FOLDER = Path(__file__).with_name("ports")


def find_driver(section: str, driver: str, board_file: Path) -> Path:
    """Path of ``<section>_<driver>.c`` in the ports folder or beside the board file.

    Raises:
        UserError: there is none; lists the drivers there are.
    """
    name = f"{section}_{driver}.c"
    for folder in (PORT_FOLDER, board_file.parent):
        if (folder / name).is_file():
            return folder / name
    known = sorted(path.stem.removeprefix(f"{section}_") for path in PORT_FOLDER.glob(f"{section}_*.c"))
    raise UserError(
        f"board file {board_file}: '{section}.driver': there is no driver '{driver}'; choose one of: {', '.join(known)}"
        f", or put {name} beside the board file"
    )


def check_driver(section: str, driver: str, source: Path, keys: Collection[str], board_file: Path) -> None:
    """Check that a section has exactly the keys its driver uses as ``FP_<SECTION>_<KEY>``, headers included.

    Args:
        section: ``"uart"``, ``"clock"``, ``"watchdog"`` or ``"rng"``.
        driver: the driver's name.
        source: its C file.
        keys: the section's keys; ``driver`` is not passed on.
        board_file: named in errors.

    Raises:
        UserError: a key is missing, or nobody would read it.
    """
    used = re.findall(rf"\bFP_{section.upper()}_([A-Z0-9_]+)\b", _with_headers(source))
    wanted = {key.lower() for key in used}
    given = set(keys) - {"driver"}
    for key in sorted(wanted - given):
        raise UserError(f"board file {board_file}: '{section}.{key}' is missing; driver '{driver}' needs it")
    for key in sorted(given - wanted):
        known = ", ".join(sorted(wanted)) or "none"
        raise UserError(
            f"board file {board_file}: '{section}.{key}' is not a key of driver '{driver}', which takes: {known}"
        )


def _with_headers(source: Path) -> str:
    """A driver's text, and that of the headers of ports that it includes by name."""
    text = source.read_text(encoding="utf-8")
    headers = [PORT_FOLDER / name for name in re.findall(r'^#include "(\w+\.h)"', text, re.MULTILINE)]
    return "".join([text, *(header.read_text(encoding="utf-8") for header in headers if header.is_file())])

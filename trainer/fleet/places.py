"""Where boards are: ``--devices`` read and checked, before anything is started."""

import re
from dataclasses import dataclass
from pathlib import Path

from device_sim.emulators import EMULATOR_NAMES, choose_emulator
from firmware_gen.boards import load_board
from host_bridge.errors import UserError
from host_bridge.keys import load_key, split_key
from host_bridge.transport import check_url

EXAMPLES = "write them as in qemu:2, native:8, /dev/ttyACM0 or socket://192.168.1.7:3333, joined by commas"
DEFAULT_BOARDS = {
    "qemu": ("stm32f4_qemu", "stm32f4_discovery"),
    "native": ("stm32f4_qemu",),
    "renode": ("stm32f4_discovery",),
}
"""What is emulated where nobody names a board: the first that the emulator, as it is installed here, can run."""
_EMULATED = re.compile(r"(?P<emulator>[a-z]+)(:(?P<count>[^@]*))?(@(?P<board>.+))?")
_MOST = 1000


@dataclass(frozen=True)
class Emulated:
    """A board that is started here.

    Attributes:
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`, but not ``auto``.
        board: a board's name, or the path of a board file.
    """

    emulator: str
    board: str


@dataclass(frozen=True)
class Line:
    """A board that runs already.

    Attributes:
        url: a device file, or any URL that pyserial opens.
        key: the file of the board's key; None where its firmware was built without one.
    """

    url: str
    key: Path | None = None


Place = Emulated | Line


def parse_places(text: str) -> tuple[Place, ...]:
    """Read a list of boards, such as ``qemu:2,native:4@mps2_an500+/dev/ttyACM0``.

    Args:
        text: entries joined by ``,`` or ``+``: EMULATOR:COUNT, EMULATOR:COUNT@BOARD, a device file or a URL, or one
            of them with @KEY, the file of the board's key.

    Raises:
        UserError: an entry is none of these, an emulator or board is unknown or does not go with the other, or a line
            is named twice; or a key cannot be read.
    """
    places = [place for entry in re.split("[,+]", text) for place in _entry(entry.strip(), text)]
    lines = [place.url for place in places if isinstance(place, Line)]
    if repeated := [url for url in lines if lines.count(url) > 1]:
        raise UserError(f"devices = {text!r} names {repeated[0]} twice; each board has a line of its own")
    return tuple(places)


def _entry(entry: str, text: str) -> tuple[Place, ...]:
    if not entry:
        raise UserError(f"devices = {text!r} has an empty entry; {EXAMPLES}")
    if "://" in entry or entry.startswith("/") or re.fullmatch(r"COM\d+", entry):
        url, key = split_key(entry)
        check_url(url)
        if key is not None:
            load_key(key)  # so that a missing one is named now
        return (Line(url, key),)
    match = _EMULATED.fullmatch(entry)
    if match is None or match["emulator"] not in EMULATOR_NAMES or match["emulator"] == "auto":
        raise UserError(f"devices = {text!r}: {entry} is neither an emulator nor a serial port; {EXAMPLES}")
    emulator, count = match["emulator"], match["count"] or ""
    if not count.isdecimal() or not 1 <= int(count) <= _MOST:
        raise UserError(
            f"devices = {text!r}: say how many boards {emulator} is to run, 1 to {_MOST}, as in {emulator}:2"
        )
    name = match["board"] or _default_board(emulator)
    choose_emulator(emulator, load_board(name))
    return (Emulated(emulator, name),) * int(count)


def _default_board(emulator: str) -> str:
    for name in DEFAULT_BOARDS[emulator]:
        try:
            choose_emulator(emulator, load_board(name))
        except UserError:
            continue
        return name
    return DEFAULT_BOARDS[emulator][0]

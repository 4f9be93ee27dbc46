"""Build a model's firmware, boot it, and keep it serving."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device_sim.emulators import EmulatedBoard, choose_emulator
from device_sim.session import open_link
from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from host_bridge.client import BoardInfo

_LOOK_SECONDS = 0.2


@contextmanager
def running_board(
    model: Path, board: str, *, emulator: str = "auto", port: int = 0, out: Path | None = None
) -> Iterator[tuple[EmulatedBoard, BoardInfo]]:
    """A board with the model on it that has answered once; it runs until the block ends.

    Args:
        model: a ``.tflite`` file.
        board: a board's name, or the path of a board file.
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.
        port: TCP port of 127.0.0.1 for the serial URL; 0 takes a free one.
        out: keep the generated project here; None throws it away.

    Raises:
        UserError: a bad input, a missing tool, a port in use, an emulator that dies or never answers.
    """
    described = load_board(board)
    chosen = choose_emulator(emulator, described)
    with tempfile.TemporaryDirectory(prefix="fp-firmware-") as folder:
        firmware = build_firmware(model, described, out or Path(folder) / "firmware", target=chosen.target)
        with chosen.start(firmware.elf, described, port) as emulated:
            with open_link(emulated) as link:
                info = link.info()
            yield emulated, info


def serve(emulated: EmulatedBoard) -> None:
    """Return never: wait for Ctrl-C.

    Raises:
        UserError: the emulator died.
    """
    while True:
        emulated.check()
        time.sleep(_LOOK_SECONDS)

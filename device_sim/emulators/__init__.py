"""Emulators, each behind one serial URL: the registry, and how one is chosen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from device_sim.emulators import native, qemu
from device_sim.emulators.board import EmulatedBoard
from firmware_gen.boards import Board
from host_bridge.errors import UserError

__all__ = ["EMULATOR_NAMES", "EmulatedBoard", "Emulator", "choose_emulator", "start_emulator"]

EMULATOR_NAMES = ("auto", "renode", "qemu", "native")
RENODE = "emulator renode is not supported by this version; choose qemu or native"


class _Start(Protocol):
    def __call__(self, elf: Path, board: Board, port: int = 0) -> AbstractContextManager[EmulatedBoard]:
        """Boot ``elf`` with its UART at TCP port ``port`` of 127.0.0.1 (0: a free one)."""
        ...


@dataclass(frozen=True)
class Emulator:
    """An entry of the registry.

    Attributes:
        name: as on the command line.
        target: what the firmware must be built for.
        obstacle: why it cannot run a board on this computer, and what to do about it; None if it can.
        start: boot an ELF; the board runs until the context manager ends.
    """

    name: str
    target: Literal["board", "native"]
    obstacle: Callable[[Board], str | None]
    start: _Start


_QEMU = Emulator("qemu", "board", qemu.obstacle, qemu.start)
_NATIVE = Emulator("native", "native", native.obstacle, native.start)
_EMULATORS = {emulator.name: emulator for emulator in (_QEMU, _NATIVE)}


def choose_emulator(name: str, board: Board) -> Emulator:
    """The emulator called ``name``, or for ``auto`` the first that knows the board and is installed.

    Raises:
        UserError: no such emulator, it does not know the board, or it is not installed.
    """
    if name == "renode":
        raise UserError(RENODE)
    if name not in EMULATOR_NAMES:
        raise UserError(f"unknown emulator '{name}'; choose one of: {', '.join(EMULATOR_NAMES)}")
    emulator = _QEMU if name == "auto" else _EMULATORS[name]
    if (reason := emulator.obstacle(board)) is not None:
        raise UserError(reason)
    return emulator


def start_emulator(name: str, elf: Path, board: Board, port: int = 0) -> AbstractContextManager[EmulatedBoard]:
    """Boot ``elf`` (built for the chosen emulator's target); the board runs until the context manager ends.

    Args:
        name: one of :data:`EMULATOR_NAMES`.
        elf: the firmware.
        board: what it was built for.
        port: TCP port of 127.0.0.1 for the UART; 0 takes a free one.

    Raises:
        UserError: the emulator cannot be used or does not start; names what is missing.
    """
    return choose_emulator(name, board).start(elf, board, port)

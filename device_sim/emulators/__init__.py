"""Emulators, each behind one serial URL: the registry, and how one is chosen."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from device_sim.emulators import native, qemu, renode
from device_sim.emulators.board import EmulatedBoard
from firmware_gen.boards import Board
from host_bridge.errors import UserError

__all__ = ["EMULATOR_NAMES", "EmulatedBoard", "Emulator", "choose_emulator", "start_boards", "start_emulator"]

EMULATOR_NAMES = ("auto", "renode", "qemu", "native")
_AUTO = ("qemu", "renode")
"""What ``auto`` tries, in this order."""


class _Start(Protocol):
    def __call__(self, elf: Path, board: Board, port: int = 0) -> AbstractContextManager[EmulatedBoard]:
        """Boot ``elf`` with its UART at TCP port ``port`` of 127.0.0.1 (0: a free one)."""
        ...


class _StartMetered(Protocol):
    def __call__(
        self, elf: Path, board: Board, port: int = 0, metrics: Path | None = None
    ) -> AbstractContextManager[EmulatedBoard]:
        """Boot ``elf``; the file ``metrics`` gets the emulator's own account of the run."""
        ...


class _StartMany(Protocol):
    def __call__(self, elves: Sequence[Path], board: Board) -> AbstractContextManager[tuple[EmulatedBoard, ...]]:
        """Boot a board for every ELF, each at a free port."""
        ...


@dataclass(frozen=True)
class Emulator:
    """An entry of the registry.

    Attributes:
        name: as on the command line.
        target: what the firmware must be built for.
        obstacle: why it cannot run a board on this computer, and what to do about it; None if it can.
        start: boot an ELF; the board runs until the context manager ends.
        start_many: boot several.
        start_metered: boot an ELF and keep execution metrics; None where the emulator has none.
    """

    name: str
    target: Literal["board", "native"]
    obstacle: Callable[[Board], str | None]
    start: _Start
    start_many: _StartMany
    start_metered: _StartMetered | None = None


def _one_by_one(start: _Start) -> _StartMany:
    """Boards in a process each."""

    @contextmanager
    def start_many(elves: Sequence[Path], board: Board) -> Iterator[tuple[EmulatedBoard, ...]]:
        with ExitStack() as stack:
            yield tuple(stack.enter_context(start(elf, board)) for elf in elves)

    return start_many


_EMULATORS = {
    emulator.name: emulator
    for emulator in (
        Emulator("qemu", "board", qemu.obstacle, qemu.start, _one_by_one(qemu.start)),
        Emulator("renode", "board", renode.obstacle, renode.start, renode.start_many, renode.start_metered),
        Emulator("native", "native", native.obstacle, native.start, _one_by_one(native.start)),
    )
}


def choose_emulator(name: str, board: Board) -> Emulator:
    """The emulator called ``name``, or for ``auto`` the first that knows the board and is installed.

    Raises:
        UserError: no such emulator, it does not know the board, or it is not installed.
    """
    if name not in EMULATOR_NAMES:
        raise UserError(f"unknown emulator '{name}'; choose one of: {', '.join(EMULATOR_NAMES)}")
    if name == "auto":
        described = [one for one in _AUTO if one in board.emulators.names] or [_AUTO[0]]
        usable = [one for one in described if _EMULATORS[one].obstacle(board) is None]
        name = (usable or described)[0]
    emulator = _EMULATORS[name]
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


def start_boards(name: str, elves: Sequence[Path], board: Board) -> AbstractContextManager[tuple[EmulatedBoard, ...]]:
    """Boot a board for every ELF (the same may stand there several times), as :func:`start_emulator` does for one.

    Renode runs all of them in one process, the others take a process each.

    Raises:
        UserError: the emulator cannot be used or does not start; names what is missing.
    """
    return choose_emulator(name, board).start_many(elves, board)

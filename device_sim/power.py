"""A board that can be switched on, off, and on again: what a user of many boards needs when one of them dies."""

from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from device_sim.emulators import EmulatedBoard, start_emulator
from firmware_gen.boards import Board
from host_bridge.errors import UserError


class Power(Protocol):
    """Keeps one board running behind one serial URL."""

    def url(self) -> str:
        """Where the board's serial line is now; switches an emulated board on if it is off, or has died.

        Raises:
            UserError: it does not start.
        """

    @property
    def key(self) -> bytes | None:
        """The board's key; None where its firmware was built without one."""

    @property
    def starts(self) -> int:
        """How often it has been switched on; 0 for a board that somebody else keeps running."""

    def off(self) -> None:
        """Switch it off; may be called again."""


class Outlet:
    """:class:`Power` for a board that runs already: there is no switch.

    Args:
        url: of its line.
        key: the board's, where its firmware was built with one.
    """

    starts = 0

    def __init__(self, url: str, key: bytes | None = None) -> None:
        self._url = url
        self.key = key

    def url(self) -> str:
        """Its URL."""
        return self._url

    def off(self) -> None:
        """Leave it as it is."""


class EmulatedPower:
    """:class:`Power` for a board in an emulator.

    All calls must come from one thread, which must live as long as the board is to: on Linux an emulator dies with the
    thread that has started it (:mod:`device_sim.emulators.launcher`).

    Args:
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.
        elf: firmware built for that emulator's target.
        board: what is emulated.
    """

    def __init__(self, emulator: str, elf: Path, board: Board) -> None:
        self._emulator, self._elf, self._board = emulator, elf, board
        self._running: EmulatedBoard | None = None
        self._stack = ExitStack()
        self.starts = 0
        self.key: bytes | None = None

    @property
    def running(self) -> EmulatedBoard | None:
        """The board, if it is on (it may have died since)."""
        return self._running

    def url(self) -> str:
        """Its URL; another one each time it is switched on."""
        if self._running is not None:
            try:
                self._running.check()
            except UserError:
                self.off()
        if self._running is None:
            self._running = self._stack.enter_context(start_emulator(self._emulator, self._elf, self._board))
            self.starts += 1
        return self._running.url

    def off(self) -> None:
        """End the emulator."""
        self._running = None
        self._stack.close()

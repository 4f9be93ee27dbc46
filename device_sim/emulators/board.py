"""What every emulator hands back: a running board behind a serial URL."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class EmulatedBoard:
    """A board that runs until its context manager ends.

    Attributes:
        name: the emulator's name (``qemu``, ``native``).
        version: the emulator's version, for reports.
        machine: what exactly is emulated, for reports.
        url: where the board's UART is, for ``serial.serial_for_url``.
        tick_hz: ticks of the board's tick counter per emulated second; None where ticks are real time.
        check: raises :class:`host_bridge.errors.UserError` when the emulator has died, with its own reason.
    """

    name: str
    version: str
    machine: str
    url: str
    tick_hz: int | None
    check: Callable[[], None]

    def instructions(self, ticks: float) -> float | None:
        """Instructions in ``ticks`` ticks at one per emulated nanosecond; None where nothing counts them."""
        return None if self.tick_hz is None else ticks * 1e9 / self.tick_hz

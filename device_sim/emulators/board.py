"""What every emulator hands back: a running board behind a serial URL."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class EmulatedBoard:
    """A board that runs until its context manager ends.

    Attributes:
        name: the emulator's name (``qemu``, ``native``, ``renode``).
        version: the emulator's version, for reports.
        machine: what exactly is emulated, for reports.
        url: where the board's UART is, for ``serial.serial_for_url``.
        tick_hz: ticks of the board's tick counter per emulated second; None where ticks are real time.
        check: raises :class:`host_bridge.errors.UserError` when the emulator has died, with its own reason.
        latest_run: instructions of the latest run of the model, where the emulator counts them itself.
    """

    name: str
    version: str
    machine: str
    url: str
    tick_hz: int | None
    check: Callable[[], None]
    latest_run: Callable[[], int] | None = None

    @property
    def instructions_per_tick(self) -> float | None:
        """Resolution of :meth:`run_instructions`."""
        return 1.0 if self.latest_run else self.instructions(1)

    def run_instructions(self, ticks: float) -> float | None:
        """Instructions of the run of the model that has just ended after ``ticks`` ticks; None where nobody counts."""
        return self.latest_run() if self.latest_run else self.instructions(ticks)

    def instructions(self, ticks: float) -> float | None:
        """Instructions in ``ticks`` ticks at one per emulated nanosecond; None where nothing counts them."""
        return None if self.tick_hz is None else ticks * 1e9 / self.tick_hz

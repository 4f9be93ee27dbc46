"""Talking to an emulated board, which may be slow to start, or die."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from device_sim.emulators import EmulatedBoard
from host_bridge import client
from host_bridge.errors import LinkError, UserError

READY_SECONDS = 30.0
_LOOK_SECONDS = 1.0


@contextmanager
def open_link(emulated: EmulatedBoard, ready_within: float = READY_SECONDS) -> Iterator[client.Board]:
    """Connect as soon as the board answers; errors inside the block name a dead emulator rather than a closed port.

    Args:
        emulated: a running board.
        ready_within: seconds until the first answer.

    Raises:
        UserError: the emulator died, or the board did not answer in time.
    """
    link = _connect(emulated, time.monotonic() + ready_within, ready_within)
    with link:
        try:
            yield link
        except LinkError:
            emulated.check()
            raise


def _connect(emulated: EmulatedBoard, deadline: float, ready_within: float) -> client.Board:
    """Knock for a short time, look whether the emulator lives, and again."""
    while (left := deadline - time.monotonic()) > 0:
        emulated.check()
        try:
            return client.Board.connect(emulated.url, ready_within=min(left, _LOOK_SECONDS))
        except LinkError:
            continue
    emulated.check()
    raise UserError(
        f"the board on {emulated.name} ({emulated.machine}) did not answer at {emulated.url} within {ready_within:g} s"
        "; check that the board file fits the machine"
    )

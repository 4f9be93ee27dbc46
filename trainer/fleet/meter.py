"""Counts what a board's line carries, over all the times that the line is opened."""

from host_bridge.client import Board
from host_bridge.link import Traffic
from trainer.fleet.record import BoardRecord

_SMALLEST_CHUNK = 64
_FIRST_SMALLER_CHUNK = 512
_MANY_REPEATS = 0.25
"""Share of requests that are repeated, beyond which frames get smaller: small ones are more often whole."""
_FEW_REQUESTS = 16


class Meter:
    """Adds a line's traffic to a board's record, and chooses the size of frames by how many had to be repeated.

    Args:
        record: where it is counted.

    Attributes:
        answers: times that the board has said anything at all.
        chunk_bytes: bytes of a transfer that a frame should carry; None for as many as fit.
    """

    def __init__(self, record: BoardRecord) -> None:
        self.answers = 0
        self.chunk_bytes: int | None = None
        self._record = record
        self._traffic = Traffic()
        self._counted = Traffic()

    def watch(self, board: Board) -> None:
        """Count on a line that was just opened and has answered."""
        self.answers += 1
        self._traffic, self._counted = board.traffic, Traffic()

    def count(self, *, setup: bool = False) -> None:
        """Add what the line has carried since the last time.

        Args:
            setup: whether it served to bring the board up to date, rather than a round.
        """
        now, then, record = self._traffic, self._counted, self._record
        sent, received = now.sent_bytes - then.sent_bytes, now.received_bytes - then.received_bytes
        repeats, requests = now.repeats - then.repeats, now.requests - then.requests
        self._counted = Traffic(now.sent_bytes, now.received_bytes, now.requests, now.repeats, now.bad_frames)
        self.answers += received > 0
        record.retries += repeats
        if requests >= _FEW_REQUESTS and repeats > _MANY_REPEATS * requests:
            self.shrink()
        if setup:
            record.setup_sent += sent
            record.setup_received += received
        else:
            record.round_sent += sent
            record.round_received += received

    def shrink(self) -> None:
        """Let frames carry half as much from now on."""
        self.chunk_bytes = max((self.chunk_bytes or 2 * _FIRST_SMALLER_CHUNK) // 2, _SMALLEST_CHUNK)

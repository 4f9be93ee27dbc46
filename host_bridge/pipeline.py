"""Several requests under way: selective repeat within the window that the board states.

The line keeps order and a board answers in order. So a reply tells that whatever was sent before its request and is
still unanswered has been lost, or its reply has: it is repeated at once, without waiting for a timer. Only for requests
that a board may carry out again (chunks at absolute offsets).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from host_bridge import messages
from host_bridge.frame import DELIMITER, Frame, FrameFault
from host_bridge.link import Link
from host_bridge.messages import Message


@dataclass(frozen=True)
class Window:
    """What a host may have unanswered: bytes on the line, and requests."""

    encoded_bytes: int
    requests: int


@dataclass
class _Pending:
    """A request without an answer; ``first`` and ``latest`` number its transmissions among all."""

    index: int
    frame: Frame
    size: int
    first: int
    latest: int


class Pipeline:
    """One run over a list of payloads; iterate over it for ``(index, reply payload)`` in the order of the answers.

    Args:
        link: nothing else may be under way on it.
        message: the kind of all requests.
        payloads: one per request, packed after ``message.request``.
        window: how much may be unanswered.
        within: seconds that all may take together; None: the link's ``within`` for each answer.

    Raises:
        BoardError: the board refused one; others may have been carried out.
        NoAnswerError: nothing came back in ``link.attempts`` times ``link.timeout`` seconds; a DeadlineError where not
            all came in time.
        LinkError: the board speaks another protocol version, or the port failed.
    """

    def __init__(
        self, link: Link, message: Message, payloads: Sequence[bytes], window: Window, within: float | None = None
    ) -> None:
        self._link = link
        self._message = message
        self._payloads = payloads
        self._window = window
        self._within = within
        self._pending: dict[int, _Pending] = {}
        self._next = 0
        self._transmissions = 0
        self._silences = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        deadline = self._deadline()
        silent = self._fill(time.monotonic())
        while self._pending:
            event = self._link.receive(min(silent, deadline))
            now = time.monotonic()
            if event is None:
                if now >= deadline:
                    raise self._link.too_late(self._message, self._within)
                silent = self._repeat_all(now)
            elif isinstance(event, FrameFault):
                silent = min(silent, now + self._link.timeout)
            elif event.sequence in self._pending:
                if event.type == messages.WORKING_CODE:
                    silent = now + self._link.patience
                    continue
                if event.type not in (self._message.reply_code, messages.ERROR_CODE):
                    continue
                answered = self._pending.pop(event.sequence)
                self._silences = 0
                yield answered.index, self._link.checked(self._message, event)
                deadline = self._deadline() if self._within is None else deadline
                self._repeat_overtaken(answered.first)
                silent = self._fill(time.monotonic())

    def _deadline(self) -> float:
        return time.monotonic() + (self._link.within if self._within is None else self._within)

    def _fill(self, now: float) -> float:
        """Send new requests while the window has room; returns until when an answer is due."""
        while self._next < len(self._payloads):
            frame = self._link.next_frame(self._message, self._payloads[self._next])
            size = self._link.size_on_line(frame)
            if not self._has_room(frame, size):
                self._link.take_back(frame)
                break
            self._pending[frame.sequence] = _Pending(self._next, frame, size, self._transmissions, 0)
            self._link.traffic.requests += 1
            self._next += 1
            self._send(self._pending[frame.sequence], b"")
        return now + self._link.timeout

    def _has_room(self, frame: Frame, size: int) -> bool:
        """Whether ``frame`` may go out: counted from the oldest unanswered one, and in bytes."""
        if not self._pending:
            return True
        oldest = next(iter(self._pending))
        distance = (frame.sequence - oldest) % (1 << 16)
        unanswered = sum(pending.size for pending in self._pending.values())
        return distance < self._window.requests and unanswered + size <= self._window.encoded_bytes

    def _send(self, pending: _Pending, prefix: bytes) -> None:
        pending.latest = self._transmissions
        self._transmissions += 1
        self._link.send(pending.frame, prefix)

    def _repeat(self, which: list[_Pending]) -> None:
        """Send again; a delimiter in front of the first one ends whatever half frame the line may hold."""
        for number, pending in enumerate(which):
            self._link.traffic.repeats += 1
            self._send(pending, b"" if number else DELIMITER)

    def _repeat_overtaken(self, first: int) -> None:
        self._repeat([pending for pending in self._pending.values() if pending.latest < first])

    def _repeat_all(self, now: float) -> float:
        self._silences += 1
        if self._silences >= self._link.attempts:
            raise self._link.no_answer(self._message)
        self._repeat(list(self._pending.values()))
        return now + self._link.timeout

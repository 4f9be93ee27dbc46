"""Requests and replies over a transport, repeated until answered, each with a deadline.

:mod:`host_bridge.pipeline` has several under way.
"""

import logging
import random
import struct
import time
from dataclasses import dataclass

from host_bridge import messages
from host_bridge.errors import LinkError
from host_bridge.frame import DELIMITER, Frame, FrameDecoder, FrameFault, encoded_bytes
from host_bridge.messages import ErrorCode, Message
from host_bridge.payload import number, unpack
from host_bridge.session import Session, lost_session
from host_bridge.transport import Transport

DEFAULT_TIMEOUT = 2.0
DEFAULT_ATTEMPTS = 5
DEFAULT_PATIENCE = 30.0
"""Seconds of silence, after a board has said that it is working, before the request is repeated."""
DEFAULT_WITHIN = 600.0
"""Seconds that one request may take in all, repetitions and work on the board included."""

_FLOAT_BITS = ": bits of a float32"
_REMEDY = "it may have been reset meanwhile, or its firmware does not fit this version: rebuild it"
_REMEDIES = {
    "unknown_type": "its firmware was built for something else: ask another board, or rebuild it",
    "bad_values": "correct the numbers that it was given",
    "bad_norm": "correct the values that it was given",
    "bad_size": "ask for less, or build its learner for more",
    "bad_mask": "bring it the mask again",
    "no_shard": "bring it samples first",
    "incomplete": "begin the round again",
    "bad_round": "begin the round again",
}
"""What helps against a refusal; by name of the error, else :data:`_REMEDY`."""

_log = logging.getLogger(__name__)
_names = {message.code: message.name for message in messages.MESSAGES}
_names |= {message.reply_code: f"{message.name} reply" for message in messages.MESSAGES}
_names |= {messages.WORKING_CODE: "working", messages.ERROR_CODE: "error"}
_errors = {error.code: error for error in messages.ERRORS}


class NoAnswerError(LinkError):
    """A request was repeated as often as allowed and nothing valid came back."""


class DeadlineError(NoAnswerError):
    """A request was not answered before its deadline, although there may have been signs of life."""


class BoardError(LinkError):
    """The board refused a request.

    Attributes:
        name: an error code's name, or ``error_<code>`` for one this version does not know.
        detail: the number that came with it.
    """

    def __init__(self, request: str, code: int, detail: int) -> None:
        known = _errors.get(code, ErrorCode(f"error_{code}", code, "unknown to this version", "detail"))
        self.name = known.name
        self.detail = detail
        meaning, of_float, _ = known.detail.partition(_FLOAT_BITS)
        number_ = f"{struct.unpack('<f', struct.pack('<I', detail))[0]:g}" if of_float else str(detail)
        super().__init__(
            f"the board refused {request}: {known.name}, {known.meaning} ({meaning}: {number_}); "
            f"{_REMEDIES.get(known.name, _REMEDY)}"
        )


@dataclass
class Traffic:
    """What went over the line, in bytes as sent (COBS, CRC, delimiters and repetitions included)."""

    sent_bytes: int = 0
    received_bytes: int = 0
    requests: int = 0
    repeats: int = 0
    bad_frames: int = 0


class Link:
    """Stop-and-wait over a transport.

    Args:
        transport: open; the link does not close it.
        timeout: seconds until a request is repeated.
        attempts: how often it is sent at most.
        patience: seconds until it is repeated once the board has said that it is working on it.
        within: seconds until it is given up, however often the board says so.
    """

    def __init__(
        self,
        transport: Transport,
        timeout: float = DEFAULT_TIMEOUT,
        attempts: int = DEFAULT_ATTEMPTS,
        patience: float = DEFAULT_PATIENCE,
        within: float = DEFAULT_WITHIN,
    ) -> None:
        self.transport = transport
        self.timeout = timeout
        self.attempts = attempts
        self.patience = max(patience, timeout)
        self.within = within
        self.traffic = Traffic()
        self.session: Session | None = None
        self._decoder = FrameDecoder(messages.LARGEST_MAX_PAYLOAD)
        self._waiting: list[Frame | FrameFault] = []
        # Anywhere: a board that remembers another host's last request must not take ours for its repetition.
        self._sequence = random.randrange(1 << 16)

    def next_frame(self, message: Message, payload: bytes = b"") -> Frame:
        """A request frame with a sequence number of its own."""
        self._sequence = (self._sequence + 1) % (1 << 16)
        return Frame(message.code, self._sequence, payload)

    def take_back(self, frame: Frame) -> None:
        """Undo the latest :meth:`next_frame`, which was not sent."""
        assert frame.sequence == self._sequence
        self._sequence = (self._sequence - 1) % (1 << 16)

    def size_on_line(self, frame: Frame) -> int:
        """Bytes that a request takes on the line at most."""
        return encoded_bytes(len(frame.payload) + (self.session.overhead_bytes if self.session else 0))

    def replace_transport(self, transport: Transport) -> None:
        """Go on over another line; what the old one still held is gone."""
        self.transport.close()
        self.transport = transport
        self._decoder = FrameDecoder(messages.LARGEST_MAX_PAYLOAD)
        self._waiting.clear()

    def exchange(self, message: Message, payload: bytes = b"", within: float | None = None) -> bytes:
        """Send a request, repeat it with the same sequence number until it is answered; returns the reply's payload.

        Args:
            message: what kind of request.
            payload: packed after ``message.request``.
            within: seconds it may take in all; None: the link's.

        Raises:
            SessionLostError: the board is not in the link's session.
            BoardError: the board refused it for another reason.
            NoAnswerError: nothing valid came back; a DeadlineError where it is only late.
            LinkError: the board speaks another protocol version, or the port failed.
        """
        deadline = time.monotonic() + (self.within if within is None else within)
        request = self.next_frame(message, payload)
        self.traffic.requests += 1
        for attempt in range(self.attempts):
            if attempt:
                self.traffic.repeats += 1
            # The delimiter ends whatever half frame the line may still hold.
            self.send(request, prefix=DELIMITER if attempt else b"")
            reply = self.await_reply(request, deadline)
            if reply is not None:
                return self.checked(message, reply)
            if time.monotonic() >= deadline:
                raise self.too_late(message, within)
        raise self.no_answer(message)

    def no_answer(self, message: Message) -> NoAnswerError:
        """The error for a request that was repeated often enough."""
        return NoAnswerError(
            f"{self.transport.url} did not answer {message.name} in {self.attempts} attempts of {self.timeout:g} s; "
            "reset the board, or check cable and baud rate"
        )

    def too_late(self, message: Message, within: float | None) -> DeadlineError:
        """The error for a request whose deadline has passed."""
        return DeadlineError(
            f"{self.transport.url} did not answer {message.name} within "
            f"{self.within if within is None else within:g} s; allow more time, or reset the board"
        )

    def send(self, frame: Frame, prefix: bytes = b"") -> None:
        """Put one frame on the line, once; the session, if there is one, seals it."""
        _trace("->", frame)
        sealed = frame if self.session is None else self.session.seal(frame)
        self.send_bytes(prefix + sealed.encode())

    def send_bytes(self, data: bytes) -> None:
        """Put bytes on the line as they are."""
        self.transport.write(data, max(self.timeout, 1.0))
        self.traffic.sent_bytes += len(data)

    def receive(self, deadline: float) -> Frame | FrameFault | None:
        """The next frame, or the news that one was damaged; None when nothing comes before ``deadline``.

        Args:
            deadline: a time of :func:`time.monotonic`.

        Raises:
            LinkError: the frame is of another protocol version, or the port failed.
        """
        while True:
            event = self._next_event(deadline)
            if event is None or isinstance(event, FrameFault):
                return event
            opened = event if self.session is None else self.session.open(event)
            if opened is not None:
                return opened
            self.traffic.bad_frames += 1
            _log.debug("<- dropped: no reply of this session")

    def _next_event(self, deadline: float) -> Frame | FrameFault | None:
        while not self._waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            received = self.transport.read(left)
            self.traffic.received_bytes += len(received)
            self._waiting += self._decoder.feed(received)
        event = self._waiting.pop(0)
        if isinstance(event, FrameFault):
            self.traffic.bad_frames += 1
            _log.debug("<- dropped: %s", event.value)
            return event
        _trace("<-", event)
        if event.version != messages.PROTOCOL_VERSION:
            raise LinkError(
                f"{self.transport.url} speaks protocol version {event.version}, this program "
                f"{messages.PROTOCOL_VERSION}; rebuild the firmware with this version of the project"
            )
        return event

    def await_reply(self, request: Frame, deadline: float | None = None) -> Frame | None:
        """The reply to ``request``, which has been sent; None when it is time to repeat it, or past ``deadline``."""
        last = time.monotonic() + self.within if deadline is None else deadline
        silent = time.monotonic() + self.timeout
        while (event := self.receive(min(silent, last))) is not None:
            if isinstance(event, FrameFault):
                # Perhaps that was the reply: no need for the patience that WORKING asked for.
                silent = min(silent, time.monotonic() + self.timeout)
            elif event.sequence != request.sequence:
                continue  # the late reply to a repetition
            elif event.type == messages.WORKING_CODE:
                silent = time.monotonic() + self.patience
            elif event.type in (request.type | messages.REPLY_BIT, messages.ERROR_CODE):
                return event
        return None

    def checked(self, message: Message, reply: Frame) -> bytes:
        """The payload of a reply.

        Raises:
            SessionLostError: the board is not in the link's session.
            BoardError: any other refusal.
        """
        if reply.type == messages.ERROR_CODE:
            lost = None if self.session is None else lost_session(self.transport.url, reply)
            if lost is not None:
                raise lost
            refusal = unpack(messages.ERROR_REPLY, reply.payload)
            raise BoardError(message.name, number(refusal, "code"), number(refusal, "detail"))
        return reply.payload


def _trace(direction: str, frame: Frame) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        crc = int.from_bytes(frame.raw()[-messages.CRC_BYTES :], "little")
        name = _names.get(frame.type, f"type 0x{frame.type:02x}")
        _log.debug("%s %s seq=%d len=%d crc=%08x", direction, name, frame.sequence, len(frame.payload), crc)

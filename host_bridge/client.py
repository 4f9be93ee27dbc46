"""A board with a model on it, as the host sees it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from host_bridge import messages
from host_bridge.errors import LinkError, UserError
from host_bridge.frame import Frame, encoded_bytes
from host_bridge.link import DEFAULT_ATTEMPTS, DEFAULT_PATIENCE, DEFAULT_TIMEOUT, Link, NoAnswerError, Traffic
from host_bridge.messages import Message
from host_bridge.payload import Value, data, number, pack, unpack
from host_bridge.pipeline import Pipeline, Window
from host_bridge.transport import DEFAULT_BAUD, PortClosedError, PortNotReadyError, Transport, open_transport

READY_WITHIN = 30.0
_KNOCK_SECONDS = 0.5
_REOPEN_SECONDS = 0.1


@dataclass(frozen=True)
class BoardInfo:
    """The INFO reply; units and meanings are those of the message table."""

    protocol: int
    model_format: int
    flags: int
    max_payload: int
    window: int
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    tick_hz: int
    selftest_crc32: int
    model_sha256: str
    model_name: str
    board_name: str
    under_way: int


@dataclass(frozen=True)
class BoardStats:
    """The STATS reply; units and meanings are those of the message table."""

    frames_ok: int
    crc_errors: int
    framing_errors: int
    rx_lost: int
    repeats: int
    inferences: int
    stack_used: int
    last_ticks: int
    uptime_ticks: int
    refusals: int


@dataclass(frozen=True)
class BoardFault:
    """The FAULT reply; meanings are those of the message table. ``count`` is 0 where there was none."""

    count: int
    exception: int
    status: int
    hard_status: int
    address: int
    pc: int
    lr: int
    sp: int


@dataclass(frozen=True)
class Inference:
    """The model's output (int8 values as bytes) and the ticks that the run took."""

    output: bytes
    ticks: int


@dataclass(frozen=True)
class SelfTest:
    """The board ran its model on the built-in input."""

    ticks: int
    output_crc32: int
    expected_crc32: int

    @property
    def passed(self) -> bool:
        """Whether the output is the one the firmware was generated with."""
        return self.output_crc32 == self.expected_crc32


class Board:
    """One open conversation; a context manager that closes the port.

    Args:
        transport: open; the board owns it from now on.
        timeout: seconds until a request is repeated.
        ready_within: seconds to wait for the first INFO reply.
        attempts: how often a request is sent at most.
        patience: seconds until a request is repeated that the board said it is working on.

    Attributes:
        payload_limit: bytes of payload that a request may carry: what the board takes and its window allows.

    Raises:
        NoAnswerError: no INFO reply within ``ready_within`` seconds.
        LinkError: the board speaks another protocol version, or the port failed.
    """

    def __init__(
        self,
        transport: Transport,
        timeout: float = DEFAULT_TIMEOUT,
        ready_within: float = READY_WITHIN,
        attempts: int = DEFAULT_ATTEMPTS,
        patience: float = DEFAULT_PATIENCE,
    ) -> None:
        self.link = Link(transport, timeout, attempts, patience)
        self._info = self._knock(time.monotonic() + ready_within, ready_within)
        self.payload_limit = _payload_limit(self._info)

    @classmethod
    def connect(
        cls, url: str, timeout: float = DEFAULT_TIMEOUT, ready_within: float = READY_WITHIN, baud: int = DEFAULT_BAUD
    ) -> Self:
        """Open ``url`` and ask for INFO until it answers; an emulator may still be starting.

        Raises:
            UserError: the port cannot be opened, nobody listens, or no answer came within ``ready_within`` seconds.
        """
        deadline = time.monotonic() + ready_within
        while True:
            transport: Transport | None = None
            try:
                transport = open_transport(url, baud)
                return cls(transport, timeout, max(deadline - time.monotonic(), _KNOCK_SECONDS))
            except (PortNotReadyError, PortClosedError):
                _close(transport)
                if time.monotonic() >= deadline:
                    raise
            except BaseException:
                _close(transport)
                raise
            time.sleep(_REOPEN_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self.link.transport.close()

    @property
    def traffic(self) -> Traffic:
        """Bytes and requests so far."""
        return self.link.traffic

    def info(self) -> BoardInfo:
        """What the board said when the conversation was opened."""
        return self._info

    def stats(self) -> BoardStats:
        """The board's counters."""
        return BoardStats(**self._numbers(messages.STATS))

    def fault(self) -> BoardFault:
        """The latest fault since power-up."""
        return BoardFault(**self._numbers(messages.FAULT))

    def selftest(self) -> SelfTest:
        """Let the board run its model on the built-in input."""
        return SelfTest(**self._numbers(messages.SELFTEST))

    def ping(self, payload: bytes = b"") -> bytes:
        """Send up to ``payload_limit`` bytes; returns the echo."""
        return self.link.exchange(messages.PING, payload)

    def request(self, message: Message, within: float | None = None, **values: Value) -> dict[str, Value]:
        """One request of any kind, with a value for each of its fields; returns the reply's.

        Args:
            message: an entry of the message table.
            within: seconds it may take in all; None: the link's ``within``.
            values: by field name.

        Raises:
            BoardError: the board refused it.
            NoAnswerError: no answer, or (DeadlineError) none in time.
        """
        return unpack(message.reply, self.link.exchange(message, pack(message.request, values), within))

    def stream(
        self, message: Message, payloads: Sequence[bytes], within: float | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Many requests of one kind, as many under way as the board can hold; see :class:`Pipeline`.

        Returns:
            ``(index, reply payload)`` in the order of the answers; requests go out while it is iterated.
        """
        window = Window(self._info.window, self._info.under_way)
        return iter(Pipeline(self.link, message, payloads, window, within))

    def infer(self, x: bytes) -> Inference:
        """Run the model on one input.

        Args:
            x: ``input_bytes`` int8 values, NHWC, as bytes.

        Raises:
            UserError: the input has another size.
            LinkError: the board refused, or did not answer.
        """
        info = self._info
        if len(x) != info.input_bytes:
            raise UserError(f"the model on the board takes {info.input_bytes} input bytes, got {len(x)}")
        chunk = self.payload_limit - messages.fixed_bytes(messages.INPUT.request)
        last = (len(x) - 1) // chunk * chunk
        for offset in range(0, last, chunk):
            self.request(messages.INPUT, offset=offset, chunk=x[offset : offset + chunk])
        reply = self.request(messages.INFER, offset=last, chunk=x[last:])
        output = data(reply, "output")[: info.output_bytes]
        return Inference(output + self._rest_of_output(len(output)), number(reply, "ticks"))

    def _rest_of_output(self, offset: int) -> bytes:
        """Output bytes from ``offset`` on, fetched piece by piece."""
        rest = b""
        total = self._info.output_bytes
        while offset + len(rest) < total:
            at = offset + len(rest)
            length = min(self._info.max_payload, total - at)
            piece = data(self.request(messages.OUTPUT, offset=at, length=length), "chunk")
            if len(piece) != length:
                raise LinkError(f"the board sent {len(piece)} of {length} output bytes; rebuild its firmware")
            rest += piece
        return rest

    def _numbers(self, message: Message) -> dict[str, int]:
        reply = self.request(message)
        return {field.name: number(reply, field.name) for field in message.reply}

    def _knock(self, deadline: float, ready_within: float) -> BoardInfo:
        """Ask for INFO until it is answered."""
        link = self.link
        request = link.next_frame(messages.INFO)
        while time.monotonic() < deadline:
            link.send(request, prefix=b"\0")
            until = min(time.monotonic() + _KNOCK_SECONDS, deadline)
            while (frame := link.receive(until)) is not None:
                if isinstance(frame, Frame) and (frame.type, frame.sequence) == (
                    messages.INFO.reply_code,
                    request.sequence,
                ):
                    return _board_info(unpack(messages.INFO.reply, frame.payload))
        raise NoAnswerError(
            f"no answer from {link.transport.url} within {ready_within:.1f} s; check that the board runs this "
            "project's firmware, that the baud rate fits, and that no other program is connected"
        )


def _board_info(values: dict[str, Any]) -> BoardInfo:
    info = BoardInfo(**values)
    if not messages.SMALLEST_MAX_PAYLOAD <= info.max_payload <= messages.LARGEST_MAX_PAYLOAD:
        raise LinkError(f"the board states a largest payload of {info.max_payload} bytes; rebuild its firmware")
    return info


def _payload_limit(info: BoardInfo) -> int:
    """The largest payload whose frame fits the board's receive window."""
    limit = info.max_payload
    while limit > messages.SMALLEST_MAX_PAYLOAD and encoded_bytes(limit) > info.window:
        limit -= 1
    return limit


def _close(transport: Transport | None) -> None:
    if transport is not None:
        transport.close()

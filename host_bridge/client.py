"""A board with a model on it, as the host sees it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self, TypeVar

from host_bridge import messages
from host_bridge.answers import BoardFault, BoardInfo, BoardStats, Inference, SelfTest, board_info
from host_bridge.conversation import KNOCK_SECONDS, BoardResetError, knock, no_answer, open_session
from host_bridge.errors import LinkError, UserError
from host_bridge.frame import encoded_bytes
from host_bridge.link import DEFAULT_ATTEMPTS, DEFAULT_PATIENCE, DEFAULT_TIMEOUT, BoardError, Link, Traffic
from host_bridge.messages import Message
from host_bridge.payload import Value, data, number, pack, unpack
from host_bridge.pipeline import Pipeline, Window
from host_bridge.session import SessionLostError
from host_bridge.transport import DEFAULT_BAUD, PortClosedError, PortNotReadyError, Transport, open_transport

READY_WITHIN = 30.0
_REOPEN_SECONDS = 0.1

__all__ = ["READY_WITHIN", "Board", "BoardFault", "BoardInfo", "BoardStats", "Inference", "SelfTest"]

T = TypeVar("T")


class Board:
    """One open conversation; a context manager that closes the port.

    Args:
        transport: open; the board owns it from now on.
        timeout: seconds until a request is repeated.
        ready_within: seconds to wait for the first INFO reply.
        attempts: how often a request is sent at most.
        patience: seconds until a request is repeated that the board said it is working on.
        key: the board's, 32 bytes, where it asks for tags; an authenticated session is opened with it.
        session: whether to open a session where there is no key; see :meth:`open_session`.

    Attributes:
        previous_session: the one that ended when the present one was opened; 0: there was none since the board's
            reset.
        payload_limit: bytes of payload that a request or a reply may carry: what the board takes, its window allows
            and the session leaves.

    Raises:
        NoAnswerError: no INFO reply within ``ready_within`` seconds.
        UserError: the board does not have this key, or has one and none was given; or it knows no sessions.
        LinkError: the board speaks another protocol version, or the port failed.
    """

    def __init__(
        self,
        transport: Transport,
        timeout: float = DEFAULT_TIMEOUT,
        ready_within: float = READY_WITHIN,
        attempts: int = DEFAULT_ATTEMPTS,
        patience: float = DEFAULT_PATIENCE,
        *,
        key: bytes | None = None,
        session: bool = False,
    ) -> None:
        self.link = Link(transport, timeout, attempts, patience)
        self.previous_session = 0
        self._key = key
        self._untold: SessionLostError | None = None
        if key is not None:
            self.previous_session = open_session(self.link, key, ready_within)
        self._info = self._ask_info(ready_within)
        self.payload_limit = 0
        self._limit_to_session()
        if session and key is None:
            self.open_session(ready_within)

    @classmethod
    def connect(
        cls,
        url: str,
        timeout: float = DEFAULT_TIMEOUT,
        ready_within: float = READY_WITHIN,
        baud: int = DEFAULT_BAUD,
        key: bytes | None = None,
        *,
        session: bool = False,
    ) -> Self:
        """Open ``url`` and ask for INFO until it answers; an emulator may still be starting.

        Raises:
            UserError: the port cannot be opened, nobody listens, no answer came within ``ready_within`` seconds, or
                the board does not have this key.
        """
        return _until(
            time.monotonic() + ready_within,
            lambda left: _with_line(url, baud, lambda line: cls(line, timeout, left, key=key, session=session)),
        )

    def open_session(self, within: float = READY_WITHIN) -> None:
        """Open a session: from now on the board notices, and :class:`BoardResetError` tells, when it was reset.

        Raises:
            NoAnswerError: no answer within ``within`` seconds.
            UserError: the board's firmware knows no sessions.
        """
        if not self._info.flags & messages.FLAG_SESSION:
            raise UserError(f"the firmware of {self._info.board_name} knows no sessions; rebuild it as a learner")
        self._open_session(within)

    def _open_session(self, within: float) -> None:
        self.previous_session = open_session(self.link, self._key, within)
        self._limit_to_session()

    def reconnect(self, within: float = READY_WITHIN, baud: int = DEFAULT_BAUD) -> None:
        """Open the port again after it was lost, and go on in the same session.

        Raises:
            BoardResetError: the board lost the session; a new one is open.
            UserError: the port does not open, or no answer comes within ``within`` seconds.
        """
        url = self.link.transport.url
        _until(
            time.monotonic() + within,
            lambda left: _with_line(url, baud, lambda line: self.resume(line, max(left, 0.1))),
        )

    def resume(self, transport: Transport, within: float = READY_WITHIN) -> None:
        """Go on over another line, in the same session.

        Raises:
            BoardResetError: the board lost the session; a new one is open.
            UserError: no answer came within ``within`` seconds, or another model answers.
        """
        self.link.replace_transport(transport)
        with self._in_session():
            if self.link.session is not None and knock(self.link, messages.PING, {"echo": b""}, _after(within)) is None:
                raise no_answer(self.link, within)
        info = self._ask_info(within) if self.link.session is None else self._info
        if info.model_sha256 != self._info.model_sha256:
            raise UserError(f"{transport.url} now runs model {info.model_sha256[:12]}…; connect to it anew")

    @contextmanager
    def _in_session(self) -> Iterator[None]:
        """Where the board has lost the session: open another one, and say so, even if the line breaks in between."""
        try:
            if self._untold is not None:
                raise self._untold
            yield
        except SessionLostError as error:
            self._untold = error
            self._open_session(READY_WITHIN)
            self._untold = None
            raise BoardResetError(error) from error

    def _limit_to_session(self) -> None:
        session = self.link.session
        self.payload_limit = _payload_limit(self._info) - (session.overhead_bytes if session else 0)

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
        with self._in_session():
            return self.link.exchange(messages.PING, payload)

    def request(self, message: Message, within: float | None = None, **values: Value) -> dict[str, Value]:
        """One request of any kind, with a value for each of its fields; returns the reply's.

        Args:
            message: an entry of the message table.
            within: seconds it may take in all; None: the link's ``within``.
            values: by field name.

        Raises:
            BoardResetError: the board had lost the session; it has not carried out the request.
            BoardError: the board refused it.
            NoAnswerError: no answer, or (DeadlineError) none in time.
        """
        with self._in_session():
            return unpack(message.reply, self.link.exchange(message, pack(message.request, values), within))

    def stream(
        self, message: Message, payloads: Sequence[bytes], within: float | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Many requests of one kind, as many under way as the board can hold; see :class:`Pipeline`.

        Yields:
            ``(index, reply payload)`` in the order of the answers; requests go out while it is iterated.

        Raises:
            BoardResetError: the board had lost the session.
        """
        window = Window(self._info.window, self._info.under_way)
        with self._in_session():
            yield from Pipeline(self.link, message, payloads, window, within)

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
            length = min(self.payload_limit, total - at)
            piece = data(self.request(messages.OUTPUT, offset=at, length=length), "chunk")
            if len(piece) != length:
                raise LinkError(f"the board sent {len(piece)} of {length} output bytes; rebuild its firmware")
            rest += piece
        return rest

    def _numbers(self, message: Message) -> dict[str, int]:
        reply = self.request(message)
        return {field.name: number(reply, field.name) for field in message.reply}

    def _ask_info(self, within: float) -> BoardInfo:
        """Ask for INFO until it is answered."""
        try:
            values = knock(self.link, messages.INFO, {}, _after(within))
        except BoardError as error:
            if error.name != "needs_tag":
                raise
            raise UserError(
                f"the board at {self.link.transport.url} obeys only who has its key; give --key FILE, or URL@FILE in a "
                "list of boards"
            ) from error
        if values is None:
            raise no_answer(self.link, within)
        return board_info(values)


def _payload_limit(info: BoardInfo) -> int:
    """The largest payload whose frame fits the board's receive window."""
    limit = info.max_payload
    while limit > messages.SMALLEST_MAX_PAYLOAD and encoded_bytes(limit) > info.window:
        limit -= 1
    return limit


def _after(seconds: float) -> float:
    return time.monotonic() + seconds


def _until(deadline: float, attempt: Callable[[float], T]) -> T:
    """Attempt, with the seconds left, until the port is there."""
    while True:
        try:
            return attempt(max(deadline - time.monotonic(), KNOCK_SECONDS))
        except (PortNotReadyError, PortClosedError):
            if time.monotonic() >= deadline:
                raise
        time.sleep(_REOPEN_SECONDS)


def _with_line(url: str, baud: int, use: Callable[[Transport], T]) -> T:
    """Open the port and hand it over; close it if that fails."""
    transport = open_transport(url, baud)
    try:
        return use(transport)
    except BoardResetError:
        raise  # the line is fine
    except BaseException:
        transport.close()
        raise

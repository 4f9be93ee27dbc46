"""How a conversation begins: knocking until the board answers, opening sessions, and finding them lost."""

import secrets
import time
from typing import Any

from host_bridge import messages
from host_bridge.errors import LinkError, UserError
from host_bridge.frame import DELIMITER, Frame
from host_bridge.link import BoardError, Link, NoAnswerError
from host_bridge.messages import Message
from host_bridge.payload import Value, number, pack, unpack
from host_bridge.session import NONCE_BYTES, AuthenticatedSession, PlainSession, Session, SessionLostError

KNOCK_SECONDS = 0.5
_GREETINGS = 5


class BoardResetError(LinkError):
    """The board had lost the session; a new one is open, and the request was not carried out in it.

    Bring the board up to date (what it was sent before is gone if it ``was_reset``), then go on.

    Attributes:
        was_reset: whether it was reset; else another host had opened a session.
    """

    def __init__(self, lost: SessionLostError) -> None:
        self.was_reset = lost.board_session == 0
        super().__init__(f"{lost} (a session is open again)")


def knock(link: Link, message: Message, values: dict[str, Value], deadline: float) -> dict[str, Any] | None:
    """Repeat a request every half second until it is answered; None when the deadline has passed.

    Raises:
        BoardError: the board refused it.
        LinkError: the board speaks another protocol version, or the port failed.
    """
    request = link.next_frame(message, pack(message.request, values))
    while time.monotonic() < deadline:
        link.send(request, prefix=DELIMITER)
        until = min(time.monotonic() + KNOCK_SECONDS, deadline)
        while (frame := link.receive(until)) is not None:
            if not isinstance(frame, Frame) or frame.sequence != request.sequence:
                continue
            if frame.type in (message.reply_code, messages.ERROR_CODE):
                return unpack(message.reply, link.checked(message, frame))
    return None


def no_answer(link: Link, within: float) -> NoAnswerError:
    """The error for a board that never answered."""
    return NoAnswerError(
        f"no answer from {link.transport.url} within {within:.1f} s; check that the board runs this "
        "project's firmware, that the baud rate fits, and that no other program is connected"
    )


def open_session(link: Link, key: bytes | None, within: float) -> int:
    """Open a session on the link, an authenticated one where there is a key.

    Returns:
        The session that ends with this; 0: there was none since the board's reset.

    Raises:
        NoAnswerError: no answer within ``within`` seconds.
        UserError: the board does not have this key, or none.
        BoardError: its firmware knows no such session, or has no random numbers now.
    """
    deadline = time.monotonic() + within
    before = link.session
    for _ in range(_GREETINGS):
        try:
            previous = _try_session(link, key, deadline)
            if previous is not None:
                return previous
        except BaseException:
            link.session = before
            raise
        if time.monotonic() >= deadline:
            link.session = before
            raise no_answer(link, within)
    raise UserError(f"{link.transport.url} refused {_GREETINGS} sessions; is another program connected to the board?")


def _try_session(link: Link, key: bytes | None, deadline: float) -> int | None:
    """Open a session, and end the previous one; None when that took too long, or another greeting came in between."""
    session: Session | None = PlainSession(_random_number()) if key is None else _greet(link, key, deadline)
    if session is None:
        return None
    link.session = session
    try:
        opened = knock(link, messages.OPEN, {}, deadline)
    except SessionLostError:
        return None
    return None if opened is None else number(opened, "previous")


def _greet(link: Link, key: bytes, deadline: float) -> AuthenticatedSession | None:
    """Agree on the keys of a session; None where no answer comes in time.

    Raises:
        UserError: what answers does not have the key.
        BoardError: it has no random numbers now.
    """
    link.session = None
    nonce = secrets.token_bytes(NONCE_BYTES)
    try:
        answer = knock(link, messages.HELLO, {"nonce": nonce.hex()}, deadline)
    except BoardError as error:
        if error.name != "unknown_type":
            raise
        raise UserError(f"the firmware at {link.transport.url} was built without a key; leave --key out") from error
    if answer is None:
        return None
    session = AuthenticatedSession(_random_number(), key, nonce, bytes.fromhex(answer["nonce"]))
    if not session.is_proof(bytes.fromhex(answer["proof"])):
        raise UserError(f"the board at {link.transport.url} does not have this key; give the one it was built with")
    return session


def _random_number() -> int:
    return secrets.randbelow((1 << 32) - 1) + 1

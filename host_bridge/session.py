"""Sessions, plain and authenticated: what is put around requests, and what replies have to carry.

See "Sessions" and "Authentication" in docs/protocol.md. The keyed hash is BLAKE2b (RFC 7693).
"""

import hmac
from collections import OrderedDict
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

from host_bridge import messages
from host_bridge.errors import LinkError
from host_bridge.frame import Frame
from host_bridge.payload import number, number_struct, unpack

KEY_BYTES = 32
NONCE_BYTES = 16
_SESSION_LABEL = b"fedpai session 1"
_HELLO_LABEL = b"fedpai hello 1"
_HEADER = number_struct(messages.HEADER)
_BLOCKS = number_struct((*messages.SESSION_BLOCK, *messages.COUNTER_BLOCK))
_REMEMBERED_COUNTERS = 1024
_HINTS = {error.code for error in messages.ERRORS if error.name in ("bad_session", "bad_tag")}


class SessionLostError(LinkError):
    """The board is not in the host's session: it was reset, or another host has opened one since.

    Attributes:
        board_session: the one it is in; 0: none since its reset.
    """

    def __init__(self, url: str, board_session: int) -> None:
        self.board_session = board_session
        how = "was reset" if board_session == 0 else "is in another host's session"
        super().__init__(f"the board at {url} {how}; open a session and send again what it has to know")


class Session(Protocol):
    """What the link needs of a session."""

    number: int
    overhead_bytes: int
    """Bytes of a request's largest payload that the session takes for itself."""

    def seal(self, request: Frame) -> Frame:
        """The request as it goes on the line; called for every transmission."""
        ...

    def open(self, reply: Frame) -> Frame | None:
        """The reply without what the session has put around it; None: it is none of this session."""
        ...


class PlainSession:
    """A number in front of each request; replies are as ever.

    Args:
        number: 1 to 2^32 - 1, random.
    """

    overhead_bytes = messages.fixed_bytes(messages.SESSION_BLOCK)

    def __init__(self, number: int) -> None:
        self.number = number
        self._block = number.to_bytes(self.overhead_bytes, "little")

    def seal(self, request: Frame) -> Frame:
        """See :meth:`Session.seal`."""
        return replace(request, payload=self._block + request.payload, flags=request.flags | messages.FLAG_SESSION)

    def open(self, reply: Frame) -> Frame | None:
        """See :meth:`Session.open`."""
        return reply


class AuthenticatedSession:
    """Counters and tags around requests and replies, under keys bound to both sides' nonces.

    Args:
        number: 1 to 2^32 - 1, random.
        key: the board's, 32 bytes.
        host_nonce: 16 random bytes, never used before.
        board_nonce: the board's answer to it.
    """

    overhead_bytes = _BLOCKS.size + messages.TAG_BYTES

    def __init__(self, number: int, key: bytes, host_nonce: bytes, board_nonce: bytes) -> None:
        self.number = number
        both = blake2b(_SESSION_LABEL + host_nonce + board_nonce, key=key, digest_size=2 * KEY_BYTES).digest()
        self._host_key, self._board_key = both[:KEY_BYTES], both[KEY_BYTES:]
        self._counter = 0
        self._sequences: OrderedDict[int, int] = OrderedDict()

    def is_proof(self, proof: bytes) -> bool:
        """Whether only the key's owner can have sent this in its HELLO reply."""
        return hmac.compare_digest(proof, _tag(self._board_key, _HELLO_LABEL))

    def seal(self, request: Frame) -> Frame:
        """See :meth:`Session.seal`.

        Raises:
            LinkError: the session has used up its counters.
        """
        if self._counter == (1 << 32) - 1:
            raise LinkError("the session is at its end after 2^32 requests; open another one")
        self._counter += 1
        self._sequences[self._counter] = request.sequence
        if len(self._sequences) > _REMEMBERED_COUNTERS:
            self._sequences.popitem(last=False)
        flags = request.flags | messages.FLAG_SESSION | messages.FLAG_TAG
        inner = replace(request, payload=_BLOCKS.pack(self.number, self._counter) + request.payload, flags=flags)
        return replace(inner, payload=inner.payload + _frame_tag(self._host_key, inner))

    def open(self, reply: Frame) -> Frame | None:
        """See :meth:`Session.open`. Of replies without a tag only a hint that the session is over is let through."""
        flags = messages.FLAG_SESSION | messages.FLAG_TAG
        if reply.flags & flags != flags or len(reply.payload) < self.overhead_bytes:
            return reply if reply.flags == 0 and _is_hint(reply) else None
        inner = replace(reply, payload=reply.payload[: -messages.TAG_BYTES])
        session, counter = _BLOCKS.unpack_from(inner.payload)
        valid = hmac.compare_digest(reply.payload[-messages.TAG_BYTES :], _frame_tag(self._board_key, inner))
        if not valid or session != self.number or self._sequences.get(counter) != reply.sequence:
            return None
        return replace(inner, payload=inner.payload[_BLOCKS.size :], flags=reply.flags & ~flags)


def lost_session(url: str, refusal: Frame) -> SessionLostError | None:
    """The error to raise where an ERROR reply says that the session is over."""
    values = unpack(messages.ERROR_REPLY, refusal.payload)
    if number(values, "code") not in _HINTS:
        return None
    return SessionLostError(url, number(values, "detail"))


def _is_hint(reply: Frame) -> bool:
    return (
        reply.type == messages.ERROR_CODE
        and len(reply.payload) >= messages.fixed_bytes(messages.ERROR_REPLY)
        and number(unpack(messages.ERROR_REPLY, reply.payload), "code") in _HINTS
    )


def _frame_tag(key: bytes, frame: Frame) -> bytes:
    return _tag(key, _HEADER.pack(frame.version, frame.type, frame.sequence, frame.flags) + frame.payload)


def _tag(key: bytes, content: bytes) -> bytes:
    return blake2b(content, key=key, digest_size=messages.TAG_BYTES).digest()

"""What a message, its fields and an error code are; :mod:`host_bridge.messages` lists them."""

from dataclasses import dataclass
from typing import Literal

REPLY_BIT = 0x80

FieldKind = Literal["u8", "u16", "u32", "u64", "nonce", "digest", "text", "data"]
FIELD_BYTES: dict[FieldKind, int] = {
    **{"u8": 1, "u16": 2, "u32": 4, "u64": 8},
    **{"nonce": 16, "digest": 32, "text": 32, "data": 0},
}


@dataclass(frozen=True)
class Field:
    """One field of a header or payload.

    Attributes:
        name: identifier in Python and, upper-cased, in C.
        kind: ``u8`` to ``u64`` little endian; ``nonce`` 16 and ``digest`` 32 bytes; ``text`` 32 bytes of printable
            ASCII, padded with zeros, the last byte always zero; ``data`` the rest of the payload (the last field).
        meaning: what it says, with its unit.
    """

    name: str
    kind: FieldKind
    meaning: str


@dataclass(frozen=True)
class Message:
    """A request and its reply.

    Attributes:
        name: identifier in Python and, upper-cased, in C.
        code: the request's type; the reply's is ``code | REPLY_BIT``.
        request: fields of the request's payload, in order.
        reply: fields of the reply's payload, in order.
        meaning: one line for the reader.
    """

    name: str
    code: int
    request: tuple[Field, ...]
    reply: tuple[Field, ...]
    meaning: str

    @property
    def reply_code(self) -> int:
        """Type of the reply frame."""
        return self.code | REPLY_BIT


@dataclass(frozen=True)
class ErrorCode:
    """Why a board refuses a request, and what the ``detail`` of the ERROR reply then holds."""

    name: str
    code: int
    meaning: str
    detail: str


def fixed_bytes(fields: tuple[Field, ...]) -> int:
    """Bytes of the fields in front of a ``data`` field, that is, the smallest payload."""
    return sum(FIELD_BYTES[field.kind] for field in fields)


def has_data(fields: tuple[Field, ...]) -> bool:
    """Whether the payload ends in a part of variable length."""
    return bool(fields) and fields[-1].kind == "data"

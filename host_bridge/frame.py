"""Frames: COBS(header | payload | CRC-32) and a zero byte. See docs/protocol.md."""

import zlib
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter

from cobs import cobs

from host_bridge import messages
from host_bridge.payload import number, number_struct, unpack

DELIMITER = b"\0"
_HEADER = number_struct(messages.HEADER)
_header_values = attrgetter(*(field.name for field in messages.HEADER))
RAW_OVERHEAD = messages.HEADER_BYTES + messages.CRC_BYTES
"""Bytes of a frame before encoding that are not payload."""


@dataclass(frozen=True)
class Frame:
    """One frame, decoded.

    Attributes:
        type: message type, with ``REPLY_BIT`` in replies.
        sequence: 0 to 65535.
        payload: 0 to the receiver's ``max_payload`` bytes.
        version: protocol version of the sender.
        flags: header flags.
    """

    type: int
    sequence: int
    payload: bytes = b""
    version: int = messages.PROTOCOL_VERSION
    flags: int = 0

    def raw(self) -> bytes:
        """Header, payload and CRC, before encoding."""
        covered = _HEADER.pack(*_header_values(self)) + self.payload
        return covered + zlib.crc32(covered).to_bytes(messages.CRC_BYTES, "little")

    def encode(self) -> bytes:
        """The bytes on the line, the closing delimiter included."""
        return encode_raw(self.raw())


class FrameFault(Enum):
    """Why bytes up to a delimiter were dropped."""

    CRC = "crc"
    FRAMING = "framing"


def encode_raw(raw: bytes) -> bytes:
    """COBS and the closing delimiter around any bytes."""
    encoded: bytes = cobs.encode(raw)
    return encoded + DELIMITER


def encoded_bytes(payload_bytes: int) -> int:
    """Largest number of bytes on the line for a payload of this size, the delimiter included."""
    raw = RAW_OVERHEAD + payload_bytes
    return raw + (raw + 253) // 254 + 1


class FrameDecoder:
    """Bytes in, frames and faults out; after a fault it goes on behind the next delimiter.

    Args:
        max_payload: frames with a larger payload are a framing fault; memory use is bounded by it.
    """

    def __init__(self, max_payload: int = messages.DEFAULT_MAX_PAYLOAD) -> None:
        self._raw_max = RAW_OVERHEAD + max_payload
        # COBS may end a frame in an empty block after a full one, hence one byte more than an encoder writes.
        self._encoded_max = self._raw_max + self._raw_max // 254 + 1
        self._pending = bytearray()

    def feed(self, received: bytes) -> list[Frame | FrameFault]:
        """Take the next bytes of the stream; returns what they complete, in order."""
        events: list[Frame | FrameFault] = []
        *ended, rest = received.split(DELIMITER)
        for part in ended:
            self._collect(part)
            if self._pending:
                events.append(self._finish(bytes(self._pending)))
            self._pending.clear()
        self._collect(rest)
        return events

    def _collect(self, part: bytes) -> None:
        # One byte too many is kept: it marks the frame as too long, however long it gets.
        self._pending += part[: self._encoded_max + 1 - len(self._pending)]

    def _finish(self, encoded: bytes) -> Frame | FrameFault:
        try:
            raw = cobs.decode(encoded)
        except cobs.DecodeError:
            return FrameFault.FRAMING
        if len(encoded) > self._encoded_max or not RAW_OVERHEAD <= len(raw) <= self._raw_max:
            return FrameFault.FRAMING
        covered, crc = raw[: -messages.CRC_BYTES], raw[-messages.CRC_BYTES :]
        if zlib.crc32(covered) != int.from_bytes(crc, "little"):
            return FrameFault.CRC
        header = unpack(messages.HEADER, covered)
        return Frame(
            type=number(header, "type"),
            sequence=number(header, "sequence"),
            payload=covered[messages.HEADER_BYTES :],
            version=number(header, "version"),
            flags=number(header, "flags"),
        )

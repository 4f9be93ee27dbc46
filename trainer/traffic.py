"""Bytes on the line, counted by building the frames of docs/protocol.md; nothing is estimated.

Payloads travel in pieces, each with its offset as the board's own messages have it. Clients that run in this process
exchange no frames, so there are no retries to count and no answers to the pieces.
"""

import struct

from host_bridge.frame import Frame
from host_bridge.messages import DEFAULT_MAX_PAYLOAD

_OFFSET = struct.Struct("<I")
_PIECE = DEFAULT_MAX_PAYLOAD - _OFFSET.size
_SETUP = struct.Struct("<QI")
_TYPE = 0


def payload_bytes(payload: bytes) -> int:
    """Bytes of the frames that carry ``payload``, headers, CRC and COBS included."""
    pieces = [_OFFSET.pack(at) + payload[at : at + _PIECE] for at in range(0, len(payload), _PIECE)]
    return sum(_frame_bytes(sequence, piece) for sequence, piece in enumerate(pieces))


def setup_bytes(seed: int, kept: int) -> int:
    """Bytes of the frame that sets a client up before the first round.

    Initial weights and a data-free mask are functions of the seed and of how many weights are kept, so these
    two numbers stand for both.
    """
    return _frame_bytes(0, _SETUP.pack(seed, kept))


def _frame_bytes(sequence: int, payload: bytes) -> int:
    return len(Frame(_TYPE, sequence & 0xFFFF, payload).encode())

"""Encoders of the runtime's weight streams, written from the description in fp_taps.h."""

import numpy as np
from numpy.typing import NDArray
from runtime_structs import ENCODING_DENSE, ENCODING_GAP8


def leb128(value: int) -> bytes:
    digits = []
    while True:
        value, digit = value >> 7, value & 0x7F
        if value == 0:
            return bytes([*digits, digit])
        digits.append(digit | 0x80)


def gap8_row(row: NDArray[np.int8]) -> bytes:
    """One output channel, weights in the order (ic, ky, kx)."""
    kept = np.flatnonzero(row)
    stream = bytearray(leb128(kept.size))
    previous = -1
    for index in kept.tolist():
        escapes, gap = divmod(index - previous - 1, 255)
        stream += b"\xff" * escapes + bytes([gap, int(row[index]) & 0xFF])
        previous = index
    return bytes(stream)


def encode(weights: NDArray[np.int8], encoding: int) -> bytes:
    """All output channels of (oc, ic, kh, kw)."""
    rows = weights.reshape(weights.shape[0], -1)
    if encoding == ENCODING_DENSE:
        return rows.tobytes()
    assert encoding == ENCODING_GAP8
    return b"".join(gap8_row(row) for row in rows)

"""Encoders of the runtime's weight streams, written from the description in fp_taps.h."""

import numpy as np
from coded_streams import IllegalError, decode_entropy, decode_gap4, entropy_layer, gap4_layer
from numpy.typing import NDArray
from runtime_structs import ENCODING_DENSE, ENCODING_ENTROPY, ENCODING_GAP4, ENCODING_GAP8


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
    if encoding == ENCODING_GAP8:
        return b"".join(gap8_row(row) for row in rows)
    return {ENCODING_GAP4: gap4_layer, ENCODING_ENTROPY: entropy_layer}[encoding](rows)


def _decode_row(stream: bytes, at: int, weights: int, capacity: int) -> tuple[NDArray[np.int8], int]:
    """One row and where the next one starts; anything wrong raises ValueError or IndexError."""
    kept = shift = 0
    while True:
        byte = stream[at]
        kept |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
        if shift > 28:
            raise ValueError("more than five bytes of count")
    if kept > capacity:
        raise ValueError("more kept weights than announced")
    row, index = np.zeros(weights, np.int8), 0
    for _ in range(kept):
        while stream[at] == 255:
            index, at = index + 255, at + 1
        index, value, at = index + stream[at], stream[at + 1], at + 2
        if value == 0:
            raise ValueError("a kept weight of 0")
        row[index] = value - 256 * (value > 127)
        index += 1
    return row, at


def decode_gap8(stream: bytes, rows: int, weights: int, capacity: int) -> NDArray[np.int8] | None:
    """(rows, weights), or None for what the runtime has to refuse."""
    at, decoded = 0, []
    try:
        for _ in range(rows):
            row, at = _decode_row(stream, at, weights, capacity)
            decoded.append(row)
    except (ValueError, IndexError):
        return None
    return np.stack(decoded) if at == len(stream) else None


def decode(encoding: int, stream: bytes, rows: int, weights: int, capacity: int) -> NDArray[np.int8] | None:
    """(rows, weights), or None for what the runtime has to refuse."""
    if encoding == ENCODING_DENSE:
        legal = len(stream) == rows * weights
        return np.frombuffer(stream, np.int8).reshape(rows, weights) if legal else None
    if encoding == ENCODING_GAP8:
        return decode_gap8(stream, rows, weights, capacity)
    decoder = {ENCODING_GAP4: decode_gap4, ENCODING_ENTROPY: decode_entropy}[encoding]
    try:
        return decoder(stream, rows, weights, capacity)
    except (IllegalError, IndexError):
        return None


def damage(stream: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes changed, inserted or lost; sometimes the end is missing, sometimes nothing is."""
    data = bytearray(stream)
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(0, len(data)))
        byte = int(rng.choice([0, 1, 2, 127, 128, 254, 255, rng.integers(0, 256)]))
        edit = rng.integers(0, 8)
        if edit < 5:
            data[at] = byte
        elif edit == 5:
            data.insert(at, byte)
        elif edit == 6 and len(data) > 1:
            del data[at]
        elif edit == 7:
            del data[at + 1 :]
    return bytes(data)

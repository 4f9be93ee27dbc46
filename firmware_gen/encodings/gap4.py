"""Kept weights only, with 4-bit gaps apart from them; fp_taps.h has the format."""

import numpy as np

from firmware_gen.encodings.base import Encoding, Rows
from firmware_gen.encodings.gaps import gaps_and_weights, place
from firmware_gen.encodings.leb128 import leb128, read_leb128

_ESCAPE = 15
_MORE = 8


def _nibbles(gap: int) -> list[int]:
    """One gap: itself, or the escape and the rest, three bits a nibble."""
    if gap < _ESCAPE:
        return [gap]
    digits = [_ESCAPE]
    rest = gap - _ESCAPE
    while rest >= _MORE:
        digits.append(rest % _MORE | _MORE)
        rest //= _MORE
    return [*digits, rest]


def _encode(rows: Rows) -> bytes:
    gaps, weights = gaps_and_weights(rows)
    nibbles = [nibble for gap in gaps.tolist() for nibble in _nibbles(gap)]
    pairs = np.array(nibbles + [0] * (len(nibbles) % 2), np.uint8).reshape(-1, 2)
    return leb128(len(weights)) + weights.tobytes() + (pairs[:, 0] | pairs[:, 1] << 4).tobytes()


def _decode(data: bytes, channels: int, per_channel: int) -> Rows:
    count, at = read_leb128(data, 0)
    weights = np.frombuffer(data, np.int8, count, at)
    nibbles = [nibble for byte in data[at + count :] for nibble in (byte & 15, byte >> 4)]
    gaps: list[int] = []
    position = 0
    for _ in range(count):
        gap, position = nibbles[position], position + 1
        shift = 0
        while gap >= _ESCAPE:
            digit, position = nibbles[position], position + 1
            gap, shift = gap + (digit % _MORE << shift), shift + 3
            if digit < _MORE:
                break
        gaps.append(gap)
    if any(nibbles[position:]) or len(nibbles) - position > 1:
        raise ValueError(f"{len(nibbles) - position} nibbles left over")
    return place(gaps, weights, channels, per_channel)


GAP4 = Encoding("gap4", "FP_ENCODING_GAP4", _encode, _decode, decoder_bytes=980, define="FP_WITH_GAP4")

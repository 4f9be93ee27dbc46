"""Kept weights only, each behind an 8-bit gap; fp_taps.h has the format."""

import numpy as np

from firmware_gen.encodings.base import Encoding, Rows
from firmware_gen.encodings.leb128 import leb128, read_leb128

_ESCAPE = 255


def _encode_row(row: Rows) -> bytes:
    kept = np.flatnonzero(row)
    gaps = np.diff(kept, prepend=-1) - 1
    ends = np.cumsum(gaps // _ESCAPE + 2)
    out = np.full(int(ends[-1]) if len(kept) else 0, _ESCAPE, np.uint8)
    out[ends - 2] = gaps % _ESCAPE
    out[ends - 1] = row[kept].view(np.uint8)
    return leb128(len(kept)) + out.tobytes()


def _encode(rows: Rows) -> bytes:
    return b"".join(_encode_row(row) for row in rows)


def _decode_row(data: bytes, at: int, row: Rows) -> int:
    """Fill ``row`` from ``data[at:]``; returns where the next row starts."""
    count, at = read_leb128(data, at)
    index = 0
    for _ in range(count):
        while data[at] == _ESCAPE:
            index += _ESCAPE
            at += 1
        index += data[at]
        row[index] = np.uint8(data[at + 1]).view(np.int8)
        index += 1
        at += 2
    return at


def _decode(data: bytes, channels: int, per_channel: int) -> Rows:
    rows = np.zeros((channels, per_channel), np.int8)
    at = 0
    for row in rows:
        at = _decode_row(data, at, row)
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes left over")
    return rows


GAP8 = Encoding("gap8", "FP_ENCODING_GAP8", _encode, _decode)

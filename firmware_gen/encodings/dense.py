"""Every weight, one byte each."""

import numpy as np

from firmware_gen.encodings.base import Encoding, Rows


def _encode(rows: Rows) -> bytes:
    return rows.tobytes()


def _decode(data: bytes, channels: int, per_channel: int) -> Rows:
    return np.frombuffer(data, np.int8).reshape(channels, per_channel)


DENSE = Encoding("dense", "FP_ENCODING_DENSE", _encode, _decode)

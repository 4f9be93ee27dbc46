"""Encodings of weights, and the choice between them.

Adding one: a file here, an entry in :data:`ENCODINGS`, an expander in the C runtime.
"""

from dataclasses import dataclass, field

from firmware_gen.encodings.base import Encoding, Rows
from firmware_gen.encodings.dense import DENSE
from firmware_gen.encodings.gap8 import GAP8

ENCODINGS: tuple[Encoding, ...] = (DENSE, GAP8)


@dataclass(frozen=True)
class EncodedWeights:
    """Weights as they go to flash.

    Attributes:
        encoding: the one that took the fewest bytes; the first of :data:`ENCODINGS` among equals.
        data: the bytes.
        candidates: bytes by encoding name.
    """

    encoding: Encoding
    data: bytes = field(repr=False)
    candidates: dict[str, int]


def encode_smallest(rows: Rows) -> EncodedWeights:
    """Encode ``rows``, int8 (channels, weights per channel), in the fewest bytes."""
    written = [(encoding, encoding.encode(rows)) for encoding in ENCODINGS]
    encoding, data = min(written, key=lambda pair: len(pair[1]))
    return EncodedWeights(encoding, data, {one.name: len(each) for one, each in written})

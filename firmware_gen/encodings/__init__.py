"""Encodings of weights; docs/encodings.md has their bytes and what they cost.

Adding one: a file here, an entry in :data:`ENCODINGS`, costs in cost.py, a decoder in the C runtime.
"""

from dataclasses import dataclass, field

from firmware_gen.encodings.base import Encoding, Rows
from firmware_gen.encodings.dense import DENSE
from firmware_gen.encodings.entropy import ENTROPY
from firmware_gen.encodings.gap4 import GAP4
from firmware_gen.encodings.gap8 import GAP8
from firmware_gen.encodings.gaps import entropy_bytes

ENCODINGS: tuple[Encoding, ...] = (DENSE, GAP8, GAP4, ENTROPY)

__all__ = ["ENCODINGS", "Candidate", "EncodedWeights", "Encoding", "encode_dense"]


@dataclass(frozen=True)
class Candidate:
    """One way of storing a layer's weights.

    Attributes:
        encoding: which.
        data: the bytes.
        instructions: estimate for the whole layer with these weights, on a Cortex-M4.
    """

    encoding: Encoding
    data: bytes = field(repr=False)
    instructions: int = 0


@dataclass(frozen=True)
class EncodedWeights:
    """Weights as they go to flash.

    Attributes:
        encoding: the one that was chosen.
        data: its bytes.
        candidates: what there was to choose from, in the order of :data:`ENCODINGS`.
        entropy_bytes: zero-order entropy of the gaps plus that of the weights.
    """

    encoding: Encoding
    data: bytes = field(repr=False)
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    entropy_bytes: float = 0.0


def encode_dense(rows: Rows) -> EncodedWeights:
    """``rows``, int8 (channels, weights per channel), before an encoding is chosen."""
    return EncodedWeights(DENSE, DENSE.encode(rows))


def chosen(candidate: Candidate, candidates: tuple[Candidate, ...], rows: Rows) -> EncodedWeights:
    """The outcome of a choice."""
    return EncodedWeights(candidate.encoding, candidate.data, candidates, entropy_bytes(rows))

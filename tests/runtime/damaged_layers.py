"""Layers whose weight streams were tampered with, and what the runtime has to say to them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from conv_cases import SAME
from numpy.typing import NDArray
from runtime_layers import Geometry, Layer
from runtime_structs import ARENA_SLACK, ENCODING_DENSE, ENCODING_ENTROPY, ENCODING_GAP4, ENCODING_GAP8
from weight_streams import damage, decode, gap8_row

# Weights read straight from the stream, which takes no byte behind the input, and expanded to taps.
DOT = Geometry("damaged dot product", (83, 3), (1, 1), (1, 1), density=0.1)
LONG_DOT = Geometry("damaged long dot product", (97, 3), (4, 5), (4, 5), density=0.005)
DENSE_DOT = Geometry("damaged dense dot product", (37, 3), (1, 1), (1, 1), encoding=ENCODING_DENSE)
DENSE = Geometry("damaged dense", (5, 4), (3, 3), padding=SAME, out_halo=SAME, encoding=ENCODING_DENSE)
TAPS = Geometry("damaged taps", (9, 3), (3, 3), padding=SAME, out_halo=SAME, density=0.1)
CODED = [
    (replace(geometry, name=f"{geometry.name}, {name}", encoding=encoding), slack)
    for name, encoding in (("gap4", ENCODING_GAP4), ("entropy", ENCODING_ENTROPY))
    for geometry, slack in ((DOT, 0), (LONG_DOT, 0), (TAPS, ARENA_SLACK))
]
DAMAGED = (
    (DOT, 0),
    (LONG_DOT, 0),
    (DENSE_DOT, 0),
    (DENSE, 0),
    (TAPS, ARENA_SLACK),
    *CODED,
)  # with the bytes readable behind the input


def _one_index_too_far(layer: Layer) -> bytes:
    """The layer's stream with the last kept weight of the last row moved to the first index past it."""
    rows = list(layer.weights.reshape(len(layer.weights), -1))
    last = np.append(rows.pop(), np.int8(1))
    last[np.flatnonzero(last)[-2]] = 0
    return b"".join(gap8_row(row) for row in [*rows, last])


def _decode(layer: Layer, stream: bytes) -> NDArray[np.int8] | None:
    shape = layer.weights.shape
    decoded = decode(layer.geometry.encoding, stream, shape[0], layer.weights[0].size, layer.max_taps)
    return None if decoded is None else decoded.reshape(shape)


def damaged_layers(geometry: Geometry, count: int) -> Iterator[tuple[Layer, bool]]:
    """Layers, and whether each is to be accepted; its ``expected`` output counts if so."""
    rng = np.random.default_rng(count)
    for number in range(count):
        layer = Layer(replace(geometry, name=f"{geometry.name} {number}"))
        overlong = number % 8 == 0 and geometry.encoding == ENCODING_GAP8
        layer.stream = _one_index_too_far(layer) if overlong else damage(layer.stream, rng)
        decoded = _decode(layer, layer.stream)
        if decoded is not None:
            layer.weights = decoded
        yield layer, decoded is not None

"""Layers whose weight streams were tampered with, and what the runtime has to say to them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from conv_cases import SAME
from runtime_layers import Geometry, Layer
from weight_streams import damage, decode_gap8

# Weights read straight from the stream, and expanded to taps.
DOT = Geometry("damaged dot product", (83, 3), (1, 1), (1, 1), density=0.1)
LONG_DOT = Geometry("damaged long dot product", (97, 3), (4, 5), (4, 5), density=0.005)
TAPS = Geometry("damaged taps", (9, 3), (3, 3), padding=SAME, out_halo=SAME, density=0.1)


def damaged_layers(geometry: Geometry, count: int) -> Iterator[tuple[Layer, bool]]:
    """Layers, and whether each is to be accepted; its ``expected`` output counts if so."""
    rng = np.random.default_rng(count)
    for number in range(count):
        layer = Layer(replace(geometry, name=f"{geometry.name} {number}"))
        stream = damage(layer.stream, rng)
        shape = layer.weights.shape
        decoded = decode_gap8(stream, shape[0], layer.weights[0].size, layer.max_taps)
        layer.stream = stream
        if decoded is not None:
            layer.weights = decoded.reshape(shape)
        yield layer, decoded is not None

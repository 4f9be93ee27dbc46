"""Models with float32 ends, as converters write them unless told otherwise; for op_cases.py's table."""

from collections.abc import Callable

import numpy as np
from op_specs import Rng, sparse
from tflite_builder import FLOAT32, TfliteBuilder

_QUANTIZE, _DEQUANTIZE = 114, 6


def float_input(builder: TfliteBuilder, shape: tuple[int, ...], scale: float, zero_point: int) -> tuple[int, int]:
    """The float32 input, and the int8 tensor that QUANTIZE makes of it."""
    source = builder.tensor(shape, [], [], kind=FLOAT32)
    return source, builder.operator(_QUANTIZE, [source], builder.activation(shape, scale, zero_point))


def float_output(builder: TfliteBuilder, source: int) -> int:
    """What DEQUANTIZE makes of an int8 tensor."""
    output = builder.tensor([int(size) for size in builder.tensors[source].shape], [], [], kind=FLOAT32)
    return builder.operator(_DEQUANTIZE, [source], output)


def _layer(builder: TfliteBuilder, rng: Rng, source: int) -> int:
    weights = sparse(rng, (5, 3, 3, 3), 0.6)
    return builder.conv(source, weights, [0.01], rng.integers(-90, 90, 5), (0.0731, -11))


def _both(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    source, x = float_input(builder, (1, 5, 4, 3), 0.0317, 7)
    return source, float_output(builder, _layer(builder, rng, x))


def _first(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    source, x = float_input(builder, (1, 5, 4, 3), 3.1e-5, -128)
    return source, _layer(builder, rng, x)


def _last(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    source = builder.activation((1, 31), 0.02, -4)
    x = builder.fully_connected(source, sparse(rng, (10, 31), 0.5), [0.004], np.arange(10), (0.09, 3))
    return source, float_output(builder, builder.softmax(x))


FLOAT_ENDS: dict[str, Callable[[TfliteBuilder, Rng], tuple[int, int]]] = {
    "float_both_ends": _both,
    "float_input": _first,
    "float_output": _last,
}

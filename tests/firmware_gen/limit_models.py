"""Small models at and beyond the limits of single operators, for test_supported_ops.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tflite_builder import FLOAT32, TfliteBuilder

INT16 = 7
FUSED = "activation NONE, RELU, RELU6, RELU_N1_TO_1"
WINDOW = "kernel/stride up to 255"
CHANNELS = "per-tensor or per-channel weights"
OUT = (0.5, 1)
LOOKUPS = {
    "RELU": (0.1, 0),
    "RELU6": (0.1, 0),
    "LOGISTIC": (1 / 256, -128),
    "TANH": (1 / 128, 0),
    "HARD_SWISH": (0.1, 0),
}
LOOKUPS |= {"LEAKY_RELU": (0.1, 0), "QUANTIZE": (0.2, 0)}

Build = Callable[..., bytes]


@dataclass(frozen=True)
class Limit:
    """A phrase of an operator's limits, models within it and models beyond it."""

    operator: str
    phrase: str
    within: tuple[Callable[[], bytes], ...]
    beyond: tuple[Callable[[], bytes], ...]


def model(
    shape: tuple[int, ...], add: Callable[[TfliteBuilder, int], int], change: Callable[[Any], Any] | None = None
) -> bytes:
    builder = TfliteBuilder()
    source = builder.activation(shape, 0.1, 0)
    output = add(builder, source)
    if change is not None:
        change(builder)
    return builder.finish(source, output)


def _ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


def option(**values: Any) -> Callable[[TfliteBuilder], None]:
    def change(builder: TfliteBuilder) -> None:
        for name, value in values.items():
            setattr(builder.operators[-1].builtinOptions, name, value)

    return change


def batched(builder: TfliteBuilder) -> None:
    """Two samples at a time, in every activation."""
    for tensor in builder.tensors:
        if tensor.buffer == 0 and len(tensor.shape) > 1:
            tensor.shape = [2, *tensor.shape[1:]]


def rescaled(builder: TfliteBuilder) -> None:
    """Another scale for the output."""
    builder.tensors[builder.operators[-1].outputs[0]].quantization.scale = [0.7]


def typed(tensor: int, kind: int) -> Callable[[TfliteBuilder], None]:
    return lambda builder: setattr(builder.tensors[tensor], "type", kind)


def conv(
    kernel: int = 3, scales: int = 1, channels: int = 2, groups: int = 1, change: Any = None, **options: Any
) -> bytes:
    weights = _ones(4, kernel, 1, channels // groups)
    scale = [0.1] * (4 if scales > 1 else 1)
    return model((1, 300, 1, channels), lambda b, x: b.conv(x, weights, scale, np.ones(4), OUT, **options), change)


def depthwise(kernel: int = 3, scales: int = 1, multiplier: int = 1, change: Any = None, **options: Any) -> bytes:
    weights, scale = _ones(kernel, 1, 2 * multiplier), [0.1] * (2 * multiplier if scales > 1 else 1)
    return model((1, 300, 1, 2), lambda b, x: b.depthwise(x, weights, scale, None, OUT, **options), change)


def transposed(kernel: int = 3, scales: int = 1, change: Any = None, **options: Any) -> bytes:
    weights, scale = _ones(2, kernel, 1, 2), [0.1] * (2 if scales > 1 else 1)
    return model((1, 3, 1, 2), lambda b, x: b.transpose_conv(x, weights, scale, None, OUT, **options), change)


def dense(scales: int = 1, shape: tuple[int, ...] = (1, 8), change: Any = None, **options: Any) -> bytes:
    scale = [0.1] * (3 if scales > 1 else 1)
    return model(shape, lambda b, x: b.fully_connected(x, _ones(3, 8), scale, None, OUT, **options), change)


def pool(kind: str, kernel: int = 2, change: Any = None, **options: Any) -> bytes:
    return model((1, 300, 1, 2), lambda b, x: b.pool(x, kind, (kernel, 1), **options), change)


def binary(kind: str, other: tuple[int, ...] = (1, 4, 4, 2), change: Any = None, **options: Any) -> bytes:
    def add(builder: TfliteBuilder, source: int) -> int:
        second = source if other == (1, 4, 4, 2) else builder.strided_slice(source, [0] * 4, other, [1] * 4, other)
        return builder.binary(kind, [source, second], OUT, **options)

    return model((1, 4, 4, 2), add, change)


def moved(
    name: str, *arguments: Any, shape: tuple[int, ...] = (1, 4, 4, 2), change: Any = None, **options: Any
) -> bytes:
    return model(shape, lambda b, x: getattr(b, name)(x, *arguments, **options), change)


def joined(axis: int = 3, change: Any = None) -> bytes:
    return model((1, 4, 4, 2), lambda b, x: b.concatenation([x, x], axis), change)


def lookup(kind: str, change: Any = None) -> bytes:
    return model((1, 4, 4, 2), lambda b, x: b.lookup(kind, x, LOOKUPS[kind], 0.1), change)


def softmax(shape: tuple[int, ...], change: Any = None) -> bytes:
    return model(shape, lambda b, x: b.softmax(x), change)


def ends(first: bool, last: bool, between: bool = False) -> bytes:
    """float32 at the input, the output, or between two layers."""
    builder = TfliteBuilder()
    source = x = builder.activation((1, 4), 0.1, 0)
    if first:
        builder.tensors[source].type = FLOAT32
        x = builder.lookup("QUANTIZE", source, (0.1, 0))
    x = builder.lookup("RELU", x, (0.1, 0))
    if between:
        builder.tensors[x].type = FLOAT32
        x = builder.lookup("QUANTIZE", x, (0.1, 0))
    if last:
        x = builder.operator(6, [x], builder.tensor((1, 4), [], [], kind=FLOAT32))
    return builder.finish(source, x)


def dequantised_early() -> bytes:
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.1, 0)
    x = builder.operator(6, [source], builder.tensor((1, 4), [], [], kind=FLOAT32))
    return builder.finish(source, builder.lookup("RELU", x, (0.1, 0)))


def sliced(change: Any = None, begin: int = 0, end: int = 4, stride: int = 1, batch: int = 1) -> bytes:
    count = len(range(4)[slice(begin, None if end < 0 else end, stride)])
    return moved(
        "strided_slice", [1 - batch, begin, 0, 0], [batch, end, 4, 2], [1, stride, 1, 1], (batch, count, 4, 2),
        masks=(0, 2 * (end < 0), 0), change=change,
    )  # fmt: skip


def at(function: Build, *arguments: Any, **options: Any) -> Callable[[], bytes]:
    return lambda: function(*arguments, **options)


def two_scales(builder: TfliteBuilder) -> None:
    """Neither one scale for the weights nor one a channel."""
    weights = next(one for one in builder.tensors if one.buffer and one.type == 9)
    weights.quantization.scale, weights.quantization.zeroPoint = [0.1] * 6, [0] * 6


def dynamic(builder: TfliteBuilder) -> None:
    output = builder.tensors[builder.operators[-1].outputs[0]]
    output.shapeSignature = [1, *[-1] * (len(output.shape) - 1)]


def not_constant(builder: TfliteBuilder) -> None:
    builder.tensors[builder.operators[-1].inputs[1]].buffer = 0


def stride_of_zero(builder: TfliteBuilder) -> None:
    builder.buffers[builder.tensors[builder.operators[-1].inputs[3]].buffer].data = np.zeros(16, np.uint8)

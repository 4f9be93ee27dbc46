"""What operators that only move elements refuse, and depthwise convolutions."""

from collections.abc import Callable

import numpy as np
import pytest
from tflite_builder import TfliteBuilder

from firmware_gen.parse import parse_bytes
from host_bridge.errors import UserError

Build = Callable[[TfliteBuilder, int], int]


def _rescaled(builder: TfliteBuilder, tensor: int) -> int:
    builder.tensors[tensor].quantization.scale = [0.7]
    return tensor


def _depth_multiplier(builder: TfliteBuilder, source: int) -> int:
    output = builder.depthwise(source, np.ones((3, 3, 6)), [0.1], None, (0.5, 1))
    builder.operators[-1].builtinOptions.depthMultiplier = 1
    return output


def _fused_concatenation(builder: TfliteBuilder, source: int) -> int:
    output = builder.concatenation([source, source], 3)
    builder.operators[-1].builtinOptions.fusedActivationFunction = 1
    return output


def _two_layouts(builder: TfliteBuilder, source: int) -> int:
    """A convolution of one filter whose weights a depthwise convolution also reads."""
    x = builder.conv(source, np.ones((1, 3, 3, 3)), [0.1], None, (0.5, 1))
    builder.depthwise(source, np.ones((3, 3, 3)), [0.1], None, (0.5, 1))
    builder.operators[-1].inputs[1] = builder.operators[-2].inputs[1]
    return x


def _other_output(builder: TfliteBuilder, source: int) -> int:
    output = builder.transpose(source, (0, 2, 1, 3))
    builder.tensors[output].shape = [1, 4, 5, 3]
    return output


def _transposed(builder: TfliteBuilder, source: int, depth: int = 3, **options: int) -> int:
    output = builder.transpose_conv(source, np.ones((2, 3, 3, depth)), [0.1], None, (0.5, 1), stride=(2, 2))
    for name, value in options.items():
        setattr(builder.operators[-1].builtinOptions, name, value)
    return output


def _other_transposed_output(builder: TfliteBuilder, source: int) -> int:
    output = _transposed(builder, source)
    builder.tensors[output].shape = [1, 8, 9, 2]
    return output


REFUSALS: dict[str, tuple[Build, str]] = {
    "depth multiplier": (_depth_multiplier, "depth multiplier 1"),
    "weights in two layouts": (_two_layouts, "shares its weights"),
    "pad of the batch": (lambda b, x: b.pad(x, ((1, 0), (0, 0), (0, 0), (0, 0))), "none for the batch"),
    "negative pad": (lambda b, x: b.pad(x, ((0, 0), (-1, 0), (0, 0), (0, 0))), "none negative"),
    "pad that rescales": (lambda b, x: _rescaled(b, b.pad(x, ((0, 0), (1, 0), (0, 0), (0, 0)))), "one quantisation"),
    "concatenation that rescales": (lambda b, x: _rescaled(b, b.concatenation([x, x], 3)), "one quantisation"),
    "concatenation of batches": (lambda b, x: b.concatenation([x, x], 0), "batch"),
    "fused concatenation": (_fused_concatenation, "fused activation"),
    "transposed batch": (lambda b, x: b.transpose(x, (1, 0, 2, 3)), "batch"),
    "order that repeats": (lambda b, x: b.transpose(x, (0, 1, 1, 3)), "permutes 4 dimensions"),
    "other output": (_other_output, "yields 5x4x3 but its output says"),
    "slice without end": (lambda b, x: b.strided_slice(x, [0, 1], [1, 2], [1, 1], (1, 1, 5, 3)), "for each dimension"),
    "slice of nothing": (
        lambda b, x: b.strided_slice(x, [0, 3, 0, 0], [1, 3, 5, 3], [1] * 4, (1, 1, 5, 3)),
        "yields nothing",
    ),
    "index that is not there": (
        lambda b, x: b.strided_slice(x, [0, -9, 0, 0], [1, 0, 5, 3], [1] * 4, (1, 5, 3), masks=(0, 0, 2)),
        "yields nothing",
    ),
    "stride of zero": (
        lambda b, x: b.strided_slice(x, [0] * 4, [1, 4, 5, 3], [1, 0, 1, 1], (1, 4, 5, 3)),
        "for each dimension",
    ),
    "transposed convolution of other channels": (lambda b, x: _transposed(b, x, depth=4), "weights [2, 3, 3, 4]"),
    "transposed convolution of another size": (_other_transposed_output, "output shape [1, 8, 10, 2]"),
    "transposed convolution without stride": (lambda b, x: _transposed(b, x, strideH=0), "stride (0, 2)"),
    "transposed convolution of odd padding": (lambda b, x: _transposed(b, x, padding=3), "SAME and VALID"),
    "odd resize": (lambda b, x: b.resize_nearest(x, (37, 41)), "whole factors"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_says_why(name: str) -> None:
    build, fragment = REFUSALS[name]
    builder = TfliteBuilder()
    source = builder.activation((1, 4, 5, 3), 0.1, 2)
    output = build(builder, source)
    builder.tensors[output].shape[0] = 1
    content = builder.finish(source, output)
    with pytest.raises(UserError) as caught:
        parse_bytes(content, "model.tflite")
    message = str(caught.value)
    assert message.startswith("model.tflite: operator ")
    assert fragment in message

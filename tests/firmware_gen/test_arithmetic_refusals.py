"""What operators without weights refuse, naming the operator and a way out."""

from collections.abc import Callable

import pytest
from float_end_cases import float_output
from tflite_builder import FLOAT32, INT8, TfliteBuilder

from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from host_bridge.errors import UserError

Build = Callable[[TfliteBuilder, int], int]


def _broadcast(builder: TfliteBuilder, source: int) -> int:
    return builder.binary("add", (source, builder.mean(source, (0.1, 0), keep=True)), (0.1, 0))


def _other_scale(builder: TfliteBuilder, source: int) -> int:
    output = builder.softmax(source)
    builder.tensors[output].quantization.scale = [1 / 128]
    return output


def _lookup(kind: str, *out: float) -> Build:
    return lambda builder, source: builder.lookup(kind, source, (out[0], int(out[1])))


def _float_layers(builder: TfliteBuilder, source: int) -> int:
    return builder.lookup("RELU", float_output(builder, source), (0.1, 0))


def _only_conversions(builder: TfliteBuilder, source: int) -> int:
    """QUANTIZE from float32 to int8 and DEQUANTIZE back, as the whole model."""
    output = float_output(builder, source)
    builder.tensors[source].type, builder.tensors[output].type = INT8, FLOAT32
    return output


REFUSALS: dict[str, tuple[Build, str]] = {
    "add of other shapes": (_broadcast, "without broadcasting"),
    "add to a tiny scale": (lambda b, x: b.binary("add", (x, x), (1.0e-9, 0)), "scale is too small"),
    "sub to a tiny scale": (lambda b, x: b.binary("sub", (x, x), (1.0e-9, 0)), "scale is too small"),
    "mul to a tiny scale": (lambda b, x: b.binary("mul", (x, x), (1.0e-9, 0)), "scale is too small"),
    "dequantize inside": (_float_layers, "not the model's last operator"),
    "only conversions": (_only_conversions, "one with layers"),
    "mean over channels": (lambda b, x: b.mean(x, (0.1, 0), axes=(2, 3)), "height and width"),
    "mean over one axis": (lambda b, x: b.mean(x, (0.1, 0), axes=(1,)), "height and width"),
    "mean to a tiny scale": (lambda b, x: b.mean(x, (1.0e-9, 0)), "pool first"),
    "softmax to another scale": (_other_scale, "1/256"),
    "softmax without a slope": (lambda b, x: b.softmax(x, beta=0.0), "times beta"),
    "logistic to another zero point": (_lookup("LOGISTIC", 1 / 256, 0), "-128 is needed"),
    "relu to a tiny scale": (_lookup("RELU", 1.0e-20, 0), "scale is too small"),
    "quantize to a tiny scale": (_lookup("QUANTIZE", 1.0e-20, 0), "scale is too small"),
    "hard swish to a tiny scale": (_lookup("HARD_SWISH", 1.0e-20, 0), "16-bit"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_says_what_and_why(name: str) -> None:
    build, fragment = REFUSALS[name]
    builder = TfliteBuilder()
    source = builder.activation((1, 4, 5, 3), 0.1, 0)
    model = builder.finish(source, build(builder, source))
    with pytest.raises(UserError, match=fragment) as caught:
        compile_graph(parse_bytes(model, "model.tflite"))
    assert "\n" not in str(caught.value)

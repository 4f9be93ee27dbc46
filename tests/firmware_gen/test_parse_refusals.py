"""What the parser refuses, and that the message names the operator, the tensor and a way out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tflite_builder import ACTIVATION, FLOAT32, INT32, UINT8, TfliteBuilder, schema

from firmware_gen.parse import parse_bytes
from host_bridge.errors import UserError

Change = Callable[[TfliteBuilder], object]
INPUT, WEIGHTS, BIAS, OUTPUT, POOLED, DENSE = 0, 1, 2, 3, 4, 6


def _model(change: Change = lambda _: None) -> bytes:
    """Convolution, pool and dense layer, after ``change``; tensors by the constants above."""
    builder = TfliteBuilder()
    source = builder.activation((1, 4, 4, 2), 0.1, 0, name="image")
    x = builder.conv(source, np.ones((3, 3, 3, 2)), [0.1, 0.2, 0.3], np.ones(3), (0.5, 1))
    x = builder.pool(x, "average", (2, 2), stride=(2, 2))
    output = builder.fully_connected(x, np.ones((5, 12)), [0.1], np.ones(5), (0.5, 1))
    change(builder)
    return builder.finish(source, output)


def _set(tensor: int, **values: Any) -> Change:
    def change(builder: TfliteBuilder) -> None:
        for name, value in values.items():
            target = builder.tensors[tensor]
            setattr(target if hasattr(target, name) else target.quantization, name, value)

    return change


def _option(operator: int, **values: Any) -> Change:
    def change(builder: TfliteBuilder) -> None:
        for name, value in values.items():
            assert hasattr(builder.operators[operator].builtinOptions, name)
            setattr(builder.operators[operator].builtinOptions, name, value)

    return change


def _operator(number: int, **values: Any) -> Change:
    return lambda builder: [setattr(builder.operators[number], name, value) for name, value in values.items()]


def _code(number: int, code: int) -> Change:
    return lambda builder: builder.codes.__setitem__(number, code)


def _data(buffer: int, size: int) -> Change:
    return lambda builder: setattr(builder.buffers[buffer], "data", np.zeros(size, np.uint8))


def _repeat_first(builder: TfliteBuilder) -> None:
    builder.operators.append(builder.operators[0])


REFUSALS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "unsupported operator": (_code(0, 11), ("operator 0 is L2_NORMALIZATION", "t3", "on the host")),
    "operator without advice": (_code(0, 15), ("operator 0 is LSH_PROJECTION", "supported are CONV_2D")),
    "unknown operator": (_code(1, 9999), ("operator code 9999",)),
    "float input": (_set(INPUT, type=FLOAT32), ("tensor 0 'image'", "float32", "int8 quantisation")),
    "uint8 input": (_set(INPUT, type=UINT8), ("uint8", "int8 quantisation")),
    "float weights": (_set(WEIGHTS, type=FLOAT32), ("operator 0 (CONV_2D)", "float32 weights")),
    "dynamic height": (_set(OUTPUT, shapeSignature=[1, -1, 4, 3]), ("dynamic shape", "t3", "fixed dimensions")),
    "batch of two": (_set(INPUT, shape=[2, 4, 4, 2]), ("batch 1", "[2, 4, 4, 2]")),
    "no quantisation": (_set(OUTPUT, scale=[], zeroPoint=[]), ("no usable quantisation",)),
    "two activation scales": (_set(OUTPUT, scale=[1.0, 2.0], zeroPoint=[0, 0]), ("2 scales",)),
    "scale of zero": (_set(OUTPUT, scale=[0.0]), ("t3", "not a positive number")),
    "negative scale": (_set(OUTPUT, scale=[-0.5]), ("not a positive number",)),
    "infinite scale": (_set(OUTPUT, scale=[float("inf")]), ("not a positive number",)),
    "scale is no number": (_set(WEIGHTS, scale=[float("nan"), 1.0, 1.0]), ("not a positive number",)),
    "zero point beyond int8": (_set(OUTPUT, zeroPoint=[128]), ("zero point outside int8",)),
    "weights with a zero point": (_set(WEIGHTS, zeroPoint=[0, 1, 0]), ("zero point other than 0",)),
    "scales along another axis": (_set(WEIGHTS, quantizedDimension=3), ("one per output channel",)),
    "scales for other channels": (_set(WEIGHTS, scale=[1.0, 2.0], zeroPoint=[0, 0]), ("one per output channel",)),
    "weights without data": (_set(WEIGHTS, buffer=0), ("t1", "not a constant")),
    "weights cut short": (_data(1, 53), ("53 bytes", "needs 54")),
    "weights too long": (_data(1, 55), ("55 bytes", "needs 54")),
    "scalar weights": (_set(WEIGHTS, shape=[]), ("one per output channel",)),
    "float biases": (_set(BIAS, type=FLOAT32), ("t2", "float32 biases")),
    "missing biases": (_set(BIAS, shape=[2]), ("2 biases for 3",)),
    "grouped convolution": (_set(WEIGHTS, shape=[3, 3, 6, 1]), ("groups=1",)),
    "shape with a zero": (_set(OUTPUT, shape=[1, 0, 4, 3]), ("[1, 0, 4, 3]",)),
    "negative dimension": (_set(OUTPUT, shape=[1, -4, 4, 3]), ("[1, -4, 4, 3]",)),
    "huge shape": (_set(OUTPUT, shape=[1, 1 << 16, 1 << 16, 3]), ("elements are supported",)),
    "other output size": (_set(OUTPUT, shape=[1, 4, 5, 3]), ("yields 4x4", "says 4x5")),
    "variable tensor": (_set(OUTPUT, isVariable=True), ("variable",)),
    "tensor that is not there": (_operator(0, inputs=[0, 99, 2]), ("tensor 99", "does not exist")),
    "too few operands": (_operator(0, inputs=[0]), ("1 inputs",)),
    "two outputs": (_operator(0, outputs=[3, 4]), ("2 outputs",)),
    "no options": (_operator(0, builtinOptions=None, builtinOptionsType=0), ("lacks its options",)),
    "fused tanh": (_option(0, fusedActivationFunction=ACTIVATION["tanh"]), ("activation 4", "RELU6")),
    "unknown padding": (_option(0, padding=7), ("padding 7", "SAME and VALID")),
    "stride of zero": (_option(0, strideH=0), ("stride (0, 1)",)),
    "negative dilation": (_option(0, dilationWFactor=-1), ("dilation (1, -1)",)),
    "huge kernel": (_option(1, filterWidth=300), ("300", "255")),
    "pool that rescales": (_set(POOLED, scale=[0.7]), ("operator 1 (AVERAGE_POOL_2D)", "one quantisation")),
    "dense over a batch": (_set(7, shape=[2, 5]), ("batch 1",)),
    "dense with other inputs": (_set(5, shape=[4, 15]), ("operator 2 (FULLY_CONNECTED)", "weights [4, 15]")),
    "shuffled weights": (_option(2, weightsFormat=1), ("shuffled weights",)),
    "odd bias scale": (_set(DENSE, scale=[3.0]), ("biases of scale 3",)),
    "read before written": (lambda builder: builder.operators.reverse(), ("before it is written",)),
    "written twice": (_repeat_first, ("a second time",)),
}  # fmt: skip


def test_the_model_itself_is_fine() -> None:
    assert len(parse_bytes(_model(), "model.tflite").ops) == 3


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_says_what_and_why(name: str) -> None:
    change, fragments = REFUSALS[name]
    with pytest.raises(UserError) as caught:
        parse_bytes(_model(change), "model.tflite")
    message = str(caught.value)
    assert message.startswith("model.tflite: ")
    assert "\n" not in message
    for fragment in fragments:
        assert fragment in message


def test_batch_of_unknown_size_is_one() -> None:
    graph = parse_bytes(_model(_set(INPUT, shapeSignature=[-1, 4, 4, 2])), "model.tflite")
    assert graph.tensors[graph.input].shape == (1, 4, 4, 2)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x00" * 64, b"not a model at all, just some text"])
def test_other_files_are_named(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^notes\.tflite: not a \.tflite file"):
        parse_bytes(content, "notes.tflite")


def test_names_never_reach_messages_raw() -> None:
    def change(builder: TfliteBuilder) -> None:
        builder.tensors[OUTPUT].name = "*/ evil\n\x1b[31m\u00e9".encode()
        builder.tensors[OUTPUT].type = INT32

    with pytest.raises(UserError) as caught:
        parse_bytes(_model(change), "model.tflite")
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


def test_schema_is_the_one_under_test() -> None:
    assert schema.BuiltinOperator.CONV_2D == 3

"""Models for the second runtime: one that the C runtime computes whole, one with an operator that only TFLM has."""

import numpy as np
from op_cases import CASES
from op_specs import sparse
from tflite_builder import TfliteBuilder, schema

MAXIMUM, CONV_3D = schema.BuiltinOperator.MAXIMUM, schema.BuiltinOperator.CONV_3D


def named(name: str) -> bytes:
    """A model of the operator table."""
    return next(case for case in CASES if case.name == name).model()


def mixed(sparsity: float = 0.9) -> bytes:
    """Convolution, MAXIMUM of a tensor with itself, convolution, fully connected layer."""
    rng = np.random.default_rng(3)
    builder = TfliteBuilder()
    source = builder.activation((1, 10, 9, 3), 0.02, -4)
    kept = 1 - sparsity
    x = builder.conv(source, sparse(rng, (16, 3, 3, 3), kept), [0.01], rng.integers(-50, 50, 16), (0.05, -128))
    options = schema.MaximumMinimumOptionsT()
    kind = schema.BuiltinOptions.MaximumMinimumOptions
    x = builder.operator(MAXIMUM, [x, x], builder.like(x, (1, 10, 9, 16)), options, kind)
    scales = list(rng.uniform(0.004, 0.01, 24))
    x = builder.conv(
        x, sparse(rng, (24, 3, 3, 16), kept), scales, rng.integers(-50, 50, 24), (0.06, -128), stride=(2, 2)
    )
    x = builder.reshape(x, (1, 600))
    bias = rng.integers(-90, 90, 7)
    return builder.finish(source, builder.fully_connected(x, sparse(rng, (7, 600), kept), [0.006], bias, (0.1, 7)))


def with_operator(code: int, custom: str = "") -> bytes:
    """A model of one operator of any code."""
    builder = TfliteBuilder()
    source = builder.activation((1, 4), 0.02, -4)
    content = builder.finish(source, builder.operator(code, [source], builder.like(source, (1, 4))))
    if not custom:
        return content
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    model.operatorCodes[0].customCode = custom.encode()
    import flatbuffers

    packer = flatbuffers.Builder(256)
    packer.Finish(model.Pack(packer), b"TFL3")
    return bytes(packer.Output())


def inputs(shape: tuple[int, ...], count: int = 5) -> np.ndarray:
    """Random samples, int8 (count, *shape)."""
    return np.random.default_rng(8).integers(-128, 128, (count, *shape)).astype(np.int8)

"""Checking the tensors that operators touch, and turning them into graph tensors."""

import math
from math import prod

import numpy as np

from firmware_gen.graph import INT8_MAX, INT8_MIN, Tensor
from firmware_gen.parse.raw import RawTensor
from host_bridge.errors import UserError

MAX_DIMENSION = 1 << 24
MAX_ELEMENTS = 1 << 26
TYPE_FLOAT32 = 0
TYPE_INT32 = 2
TYPE_INT64 = 4
TYPE_INT8 = 9
TYPE_NAMES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    6: "bool",
    7: "int16",
    9: "int8",
    10: "float64",
    17: "int4",
}
_INT8_ADVICE = "convert with full int8 quantisation (representative data, int8 input and output)"
_SHAPE_ADVICE = "whole numbers belong to shapes that are worked out as the model runs: export with batch 1"


def label(index: int, raw: RawTensor) -> str:
    """How messages call a tensor."""
    return f"tensor {index} '{raw.name}'" if raw.name else f"tensor {index}"


def type_name(code: int) -> str:
    """Element type as messages show it."""
    return TYPE_NAMES.get(code, f"type {code}")


def _check_shape(raw: RawTensor, where: str) -> None:
    if any(not 1 <= size <= MAX_DIMENSION for size in raw.shape) or prod(raw.shape) > MAX_ELEMENTS:
        raise UserError(
            f"{where} has shape {list(raw.shape)}; dimensions from 1 and at most {MAX_ELEMENTS} elements are supported"
        )
    if any(size == -1 for size in raw.signature[1:]):
        raise UserError(f"{where} has the dynamic shape {list(raw.signature)}; convert with fixed dimensions")
    if raw.special:
        raise UserError(
            f"{where} is a variable or a sparse TensorFlow Lite tensor; convert without states and without densify"
        )


def _check_scales(raw: RawTensor, where: str) -> None:
    if not raw.scales or len(raw.zero_points) not in (1, len(raw.scales)):
        raise UserError(f"{where} has no usable quantisation; {_INT8_ADVICE}")
    if any(not (math.isfinite(scale) and scale > 0) for scale in raw.scales):
        raise UserError(f"{where} has a scale that is not a positive number; {_INT8_ADVICE}")
    if any(not INT8_MIN <= point <= INT8_MAX for point in raw.zero_points):
        raise UserError(f"{where} has a zero point outside int8; {_INT8_ADVICE}")


def activation_tensor(index: int, raw: RawTensor, where: str) -> Tensor:
    """An int8 activation with one scale.

    Raises:
        UserError: it is of another type, a constant, dynamic, or its quantisation is not usable.
    """
    here = f"{where}: {label(index, raw)}"
    if raw.type != TYPE_INT8:
        advice = _SHAPE_ADVICE if raw.type in (TYPE_INT32, TYPE_INT64) else _INT8_ADVICE
        raise UserError(f"{here} is {type_name(raw.type)}; only int8 activations are supported, {advice}")
    _check_shape(raw, here)
    _check_scales(raw, here)
    if raw.data:
        raise UserError(f"{here} is a constant where an activation is supported; fold constants before converting")
    if len(raw.scales) != 1:
        raise UserError(f"{here} has {len(raw.scales)} scales; activations with one scale are supported")
    return Tensor(index, raw.name, raw.shape, "int8", raw.scales, raw.zero_points[0])


def weight_tensor(index: int, raw: RawTensor, where: str, axis: int = 0) -> Tensor:
    """Constant int8 weights, symmetric, quantised per tensor or along the dimension of the output channels.

    The dimension of the output channels, ``axis`` in the file, changes places with dimension 0.

    Raises:
        UserError: as the name of the offence says.
    """
    here = f"{where}: {label(index, raw)}"
    if raw.type != TYPE_INT8:
        raise UserError(f"{here} holds {type_name(raw.type)} weights; only int8 is supported, {_INT8_ADVICE}")
    _check_shape(raw, here)
    _check_scales(raw, here)
    if any(raw.zero_points):
        raise UserError(f"{here} has weights with a zero point other than 0; {_INT8_ADVICE}")
    if len(raw.scales) > 1 and (raw.axis != axis or raw.shape[axis : axis + 1] != (len(raw.scales),)):
        raise UserError(
            f"{here} has {len(raw.scales)} scales along dimension {raw.axis}; one per output channel is supported"
        )
    data = _constant(raw, here, 1).view(np.int8).reshape(raw.shape)
    if axis < data.ndim:
        data = np.ascontiguousarray(data.swapaxes(0, axis))
    return Tensor(index, raw.name, data.shape, "int8", raw.scales, 0, data)


def bias_tensor(index: int, raw: RawTensor, channels: int, where: str) -> Tensor:
    """Constant int32 biases, one per output channel.

    Raises:
        UserError: another type or length, or not a constant.
    """
    here = f"{where}: {label(index, raw)}"
    if raw.type != TYPE_INT32:
        raise UserError(f"{here} holds {type_name(raw.type)} biases; int32 is supported, {_INT8_ADVICE}")
    _check_shape(raw, here)
    if prod(raw.shape) != channels:
        raise UserError(f"{here} has {prod(raw.shape)} biases for {channels} output channels; convert the model again")
    data = _constant(raw, here, 4).view("<i4").astype(np.int32)
    return Tensor(index, raw.name, raw.shape, "int32", raw.scales[:1] or (0.0,), 0, data)


def integer_constant(index: int, raw: RawTensor, where: str) -> tuple[int, ...]:
    """Elements of a constant of integers that describes an operator, such as a size or an axis.

    Raises:
        UserError: it is of another type than int32 and int64, or not a constant.
    """
    here = f"{where}: {label(index, raw)}"
    widths = {TYPE_INT32: 4, TYPE_INT64: 8}
    if raw.type not in widths:
        raise UserError(f"{here} is {type_name(raw.type)} where int32 is supported; convert the model again")
    _check_shape(raw, here)
    return tuple(int(value) for value in _constant(raw, here, widths[raw.type]).view(f"<i{widths[raw.type]}"))


def _constant(raw: RawTensor, here: str, width: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Raw bytes of a constant, with the length its shape asks for."""
    expected = prod(raw.shape) * width
    if not raw.data:
        raise UserError(f"{here} is not a constant; convert the model with it fixed")
    if len(raw.data) != expected:
        raise UserError(
            f"{here} has {len(raw.data)} bytes of data where its shape needs {expected}; convert the model again"
        )
    return np.frombuffer(raw.data, np.uint8)

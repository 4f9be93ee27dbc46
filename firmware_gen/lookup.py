"""Tables of the operators that map every byte on its own.

Sources: tensorflow/lite/micro/kernels/{activations,leaky_relu,logistic,hard_swish,quantize}_common.cc and tanh.cc, and
tensorflow/lite/kernels/internal/reference/{integer_ops/logistic,integer_ops/tanh,hard_swish,leaky_relu,requantize}.h;
reimplemented.
"""

import math

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import Int64, divide_by_power, multiply
from firmware_gen.graph import Lookup, Tensor, float32
from firmware_gen.quantise import quantise_multiplier, round_half_away
from firmware_gen.softmax import input_radius
from firmware_gen.transcendental import logistic, tanh
from host_bridge.errors import UserError

VALUES = np.arange(-128, 128, dtype=np.int64)
_INTEGER_BITS = 4  # of the argument of LOGISTIC and TANH
_MAX_LEFT_SHIFT = 22  # of differences of int8 values in 32 bits


def lookup_table(op: Lookup, source: Tensor, output: Tensor, where: str) -> npt.NDArray[np.int8]:
    """What the operator writes for -128, -127, … 127: int8 (256,).

    Raises:
        UserError: the scales are beyond what the reference computes.
    """
    centred = VALUES - source.zero_point
    if op.kind == "RELU6":
        result = _relu6(source)
    elif op.kind in ("LOGISTIC", "TANH"):
        result = _sigmoid(op, centred, source.scales[0], where)
    elif op.kind == "HARD_SWISH":
        result = _hard_swish(centred, source.scales[0], output.scales[0], where) + output.zero_point
    else:
        result = _linear(op, centred, source, output, where) + output.zero_point
        if op.kind == "RELU":
            result = np.maximum(result, output.zero_point)
    return np.clip(result, -128, 127).astype(np.int8)


def _scaled(values: Int64, real: float, where: str) -> Int64:
    multiplier, shift = quantise_multiplier(abs(real)) if math.isfinite(real) else (0, _MAX_LEFT_SHIFT + 1)
    if shift > _MAX_LEFT_SHIFT:
        raise UserError(f"{where}: its output scale is too small for its input; convert the model again")
    result = multiply(values, multiplier, shift)
    return -result if real < 0 else result


def _linear(op: Lookup, centred: Int64, source: Tensor, output: Tensor, where: str) -> Int64:
    """QUANTIZE divides in double precision, the activations in single."""
    ratio = source.scales[0] / output.scales[0]
    if op.kind == "QUANTIZE":
        return _scaled(centred, ratio, where)
    rescaled = _scaled(centred, float32(ratio), where)
    if op.kind == "RELU":
        return rescaled
    slope = float32(float32(source.scales[0] * op.alpha) / output.scales[0])
    return np.where(centred >= 0, rescaled, _scaled(centred, slope, where))


def _relu6(source: Tensor) -> Int64:
    """Clamps the input's own numbers; the output's scale does not enter."""
    six = min(round_half_away(float32(min(6.0 / source.scales[0], 512.0))) + source.zero_point, 127)
    return np.clip(VALUES, source.zero_point, int(six))


def _sigmoid(op: Lookup, centred: Int64, scale: float, where: str) -> Int64:
    fraction, left_shift = math.frexp(scale * (1 << (31 - _INTEGER_BITS)))
    if left_shift < 0:
        raise UserError(f"{where}: its input scale is too small; convert the model again")
    radius = input_radius(_INTEGER_BITS, left_shift)
    inside = np.abs(centred) < radius
    shift = left_shift if inside.any() else 0
    argument = multiply(np.where(inside, centred, 0), int(fraction * (1 << 31)), shift)
    if op.kind == "LOGISTIC":
        result = divide_by_power(logistic(argument, _INTEGER_BITS), 23) - 128
    else:
        result = divide_by_power(tanh(argument, _INTEGER_BITS), 24)
    return np.where(inside, result, np.where(centred <= -radius, -128, 127))


def _halved(multiplier: int) -> int:
    """A Q31 multiplier as Q15."""
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)


def _high16(one: Int64, other: Int64 | int) -> Int64:
    """Rounding doubling high multiplication of int16 numbers."""
    product = one * other
    nudged = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    towards_zero: Int64 = np.sign(nudged) * (np.abs(nudged) >> 15)
    return towards_zero


def _left16(values: Int64, amount: int) -> Int64:
    saturated: Int64 = np.clip(values << min(amount, 31), -(1 << 15), (1 << 15) - 1)
    return saturated


def _hard_swish(centred: Int64, input_scale: float, output_scale: float, where: str) -> Int64:
    """16-bit arithmetic: the input on the output's scale times a saturated (x + 3) / 6."""
    fine = float32(input_scale / 128)
    output_multiplier, output_shift = quantise_multiplier(float32(min(fine / output_scale, 2.0)))
    relu_multiplier, relu_shift = quantise_multiplier(min(float32(fine / float32(3.0 / 32768.0)), 2.0**32))
    if relu_shift > 31 or output_shift > 0 or output_shift < -15 or relu_shift < -15:
        raise UserError(f"{where}: the quotient of its scales is beyond 16-bit arithmetic; convert the model again")
    values = centred << 7
    gate = _left16(values, relu_shift - 1) if relu_shift > 0 else values
    gate = _high16(gate, _halved(relu_multiplier))
    gate = _left16(gate, 1) if relu_shift > 0 else divide_by_power(gate, -relu_shift)
    gate = (gate + (1 << 15)) >> 1
    product = gate * _high16(values, _halved(output_multiplier))
    towards_zero = np.sign(product) * (np.abs(product) >> 15)
    return divide_by_power(towards_zero, -output_shift)

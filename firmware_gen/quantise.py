"""From scales to the integers the kernels use, as TensorFlow Lite Micro derives them.

Source: tensorflow/lite/kernels/internal/quantization_util.cc (QuantizeMultiplier) and
tensorflow/lite/kernels/kernel_util.cc (activation ranges, effective scales); reimplemented.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import INT8_MAX, INT8_MIN, Activation
from host_bridge.errors import UserError

INT32_MIN = -(1 << 31)
INT32_MAX = (1 << 31) - 1
MAX_LEFT_SHIFT = 30


def round_half_away(value: float) -> float:
    """Round to the nearest integer, ties away from zero, as C's ``round`` does; exact below 2**52."""
    whole = math.floor(abs(value))
    rounded = whole + 1 if abs(value) - whole >= 0.5 else whole
    return math.copysign(rounded, value)


def quantise_multiplier(multiplier: float) -> tuple[int, int]:
    """Write ``multiplier`` as ``m * 2**(shift - 31)``.

    Returns:
        m in [2**30, 2**31), or 0 for multipliers that vanish; shift, positive to the left.
    """
    if multiplier == 0.0:
        return 0, 0
    fraction, shift = math.frexp(multiplier)
    fixed = int(round_half_away(fraction * (1 << 31)))
    if fixed == 1 << 31:
        fixed //= 2
        shift += 1
    return (0, 0) if shift < -31 else (fixed, shift)


def effective_scale(input_scale: float, weight_scale: float, output_scale: float) -> float:
    """Accumulator units per output unit, in double precision (convolution, per-channel fully connected)."""
    return input_scale * weight_scale / output_scale


def effective_scale_fully_connected(input_scale: float, weight_scale: float, output_scale: float) -> float:
    """The same for a per-tensor fully connected layer, whose first product is rounded to float32."""
    with np.errstate(over="ignore", under="ignore"):
        product = np.float32(input_scale) * np.float32(weight_scale)
    return float(product) / output_scale


def _quantise(value: float, scale: float, zero_point: int) -> int:
    """Integer that stands for ``value``; float32 division, as the C++ does it."""
    with np.errstate(over="ignore"):
        quotient = float(np.float32(value) / np.float32(scale))
    if not abs(quotient) <= INT32_MAX:
        raise UserError(f"the output scale {scale:g} is too small for its activation; convert the model again")
    return zero_point + int(round_half_away(quotient))


def activation_range(activation: Activation, scale: float, zero_point: int) -> tuple[int, int]:
    """Smallest and largest int8 the activation lets through.

    Raises:
        UserError: the scale cannot express the activation's bounds in 32 bits, or no int8 lies within them.
    """
    low, high = INT8_MIN, INT8_MAX
    if activation in (Activation.RELU, Activation.RELU6):
        low = max(low, _quantise(0.0, scale, zero_point))
    if activation is Activation.RELU6:
        high = min(high, _quantise(6.0, scale, zero_point))
    if activation is Activation.RELU_N1_TO_1:
        low = max(low, _quantise(-1.0, scale, zero_point))
        high = min(high, _quantise(1.0, scale, zero_point))
    if low > high:
        raise UserError(f"no int8 value lies within {activation.value} at scale {scale:g}, zero point {zero_point}")
    return low, high


@dataclass(frozen=True)
class Requant:
    """What turns an accumulator into an int8, per output channel.

    Attributes:
        bias: int32 (channels,), the input zero point folded in.
        multiplier: int32 (channels,) or (1,), Q31.
        shift: int8 (channels,) or (1,), positive to the left.
    """

    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]


def fold(
    rows: npt.NDArray[np.int8],
    bias: npt.NDArray[np.int32] | None,
    zero_point: int,
    scales: tuple[float, ...],
    where: str,
) -> Requant:
    """Fold the input zero point into the bias and quantise the effective scales.

    Args:
        rows: weights, (channels, weights per channel).
        bias: (channels,) or None for zeros.
        zero_point: of the input.
        scales: effective scales, one or one per channel.
        where: names the layer in messages.

    Raises:
        UserError: an accumulator could leave 32 bits for some input, where the reference is undefined, or the scales'
            quotient is not finite.
    """
    if not all(math.isfinite(scale) for scale in scales):
        raise UserError(f"{where}: the quotient of its scales is not finite; convert the model again")
    wide = rows.astype(np.int64)
    start = np.zeros(len(rows), np.int64) if bias is None else bias.astype(np.int64)
    folded = start - zero_point * wide.sum(axis=1)
    pairs = [quantise_multiplier(scale) for scale in scales]
    shift = np.array([pair[1] for pair in pairs], np.int64)
    _check_accumulators(wide, folded, shift, where)
    multiplier = np.array([pair[0] for pair in pairs], np.int32)
    return Requant(folded.astype(np.int32), multiplier, shift.astype(np.int8))


def _check_accumulators(
    rows: npt.NDArray[np.int64], folded: npt.NDArray[np.int64], shift: npt.NDArray[np.int64], where: str
) -> None:
    """Refuse channels whose sums, in any order, or whose left shift could overflow an int32."""
    if int(shift.max(initial=0)) > MAX_LEFT_SHIFT:
        raise UserError(
            f"{where}: the scales ask for a left shift of {int(shift.max())} bits; at most {MAX_LEFT_SHIFT}"
        )
    ends = np.sort(np.stack([rows * INT8_MIN, rows * INT8_MAX]), axis=0)
    left = np.maximum(shift, 0)
    low = (folded + np.minimum(ends[0].sum(axis=1), 0)) << left
    high = (folded + np.maximum(ends[1].sum(axis=1), 0)) << left
    bad = np.flatnonzero((low < INT32_MIN) | (high > INT32_MAX) | (folded < INT32_MIN) | (folded > INT32_MAX))
    if len(bad):
        raise UserError(
            f"{where}: the accumulator of output channel {int(bad[0])} can leave 32 bits; "
            "use smaller biases or larger scales and convert again"
        )

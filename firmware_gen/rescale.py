"""Multipliers of operators without weights, as TensorFlow Lite Micro derives them.

Sources: tensorflow/lite/micro/kernels/{add,sub,mul}_common.cc and
tensorflow/lite/kernels/internal/reference/reduce.h; reimplemented.
"""

from firmware_gen.quantise import INT32_MAX, quantise_multiplier
from host_bridge.errors import UserError

ADD_LEFT_SHIFT = 20
_LARGEST_DIFFERENCE = 255  # of int8 values
Multiplier = tuple[int, int]


def add_multipliers(scales: tuple[float, float, float], where: str) -> tuple[Multiplier, Multiplier, Multiplier]:
    """Multiplier and shift of both inputs and of the output of ADD and SUB.

    The inputs, shifted left by ``ADD_LEFT_SHIFT``, are brought to twice the larger scale, their sum or difference to
    the output's.

    Args:
        scales: of both inputs and of the output.
        where: names the layer in messages.

    Raises:
        UserError: the output's scale is too small against the inputs' for the reference.
    """
    first, second, output = scales
    twice_larger = 2 * max(first, second)
    return (
        _below_one(first / twice_larger, where),
        _below_one(second / twice_larger, where),
        _below_one(twice_larger / ((1 << ADD_LEFT_SHIFT) * output), where),
    )


def _below_one(real: float, where: str) -> Multiplier:
    multiplier, shift = quantise_multiplier(real) if 0.0 < real < 1.0 else (0, 1)
    if shift > 0:
        raise UserError(f"{where}: its output scale is too small for its inputs; convert the model again")
    return multiplier, shift


def mul_multiplier(scales: tuple[float, float, float], where: str) -> Multiplier:
    """Multiplier and shift from a product to the output of MUL.

    Args:
        scales: of both inputs and of the output.
        where: names the layer in messages.

    Raises:
        UserError: a product could leave 32 bits.
    """
    first, second, output = scales
    multiplier, shift = quantise_multiplier(first * second / output)
    if _LARGEST_DIFFERENCE**2 << max(shift, 0) > INT32_MAX:
        raise UserError(f"{where}: its output scale is too small for its inputs; convert the model again")
    return multiplier, shift


def mean_multiplier(source: float, output: float, count: int, where: str) -> Multiplier:
    """Multiplier and shift from a sum of ``count`` values to the output; the division is part of the multiplier.

    Raises:
        UserError: the sum could leave 32 bits.
    """
    multiplier, shift = quantise_multiplier(source / output)
    halvings = min(count.bit_length() - 1, 32, 31 + shift)
    multiplier, shift = (multiplier << halvings) // count, shift - halvings
    if _LARGEST_DIFFERENCE * count << max(shift, 0) > INT32_MAX:
        raise UserError(f"{where}: the sum of {count} values can leave 32 bits at these scales; pool first")
    return multiplier, shift

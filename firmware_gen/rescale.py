"""Multipliers of the elementwise operators, as TensorFlow Lite Micro derives them.

Source: tensorflow/lite/micro/kernels/add_common.cc; reimplemented.
"""

from firmware_gen.quantise import quantise_multiplier
from host_bridge.errors import UserError

ADD_LEFT_SHIFT = 20
Multiplier = tuple[int, int]


def add_multipliers(scales: tuple[float, float, float], where: str) -> tuple[Multiplier, Multiplier, Multiplier]:
    """Multiplier and shift of both inputs and of the output of ADD.

    The inputs, shifted left by ``ADD_LEFT_SHIFT``, are brought to twice the larger scale, their sum to the output's.

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

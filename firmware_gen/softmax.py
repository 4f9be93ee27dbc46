"""What SOFTMAX needs at generation time.

Sources: tensorflow/lite/kernels/internal/quantization_util.cc (PreprocessSoftmaxScaling, CalculateInputRadius) and
reference/softmax.h; reimplemented.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import doubling_high_multiply
from firmware_gen.quantise import quantise_multiplier
from firmware_gen.transcendental import exp_of_negative
from host_bridge.errors import UserError

_INTEGER_BITS = 5
_LARGEST = float((1 << 31) - 1)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest difference that, shifted left, stays within ``integer_bits``."""
    return int(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits - left_shift))


def exponentials(beta: float, scale: float, where: str) -> npt.NDArray[np.int32]:
    """Exponential of minus ``beta`` times a distance of 0, 1, … steps of ``scale``, Q31; what lies beyond counts as 0.

    Raises:
        UserError: the product of ``beta`` and ``scale`` is too small for the reference.
    """
    real = min(beta * scale * (1 << (31 - _INTEGER_BITS)), _LARGEST)
    if not real > 1.0:
        raise UserError(f"{where}: its input scale times beta is not above {2.0 ** (_INTEGER_BITS - 31):g}")
    multiplier, left_shift = quantise_multiplier(real)
    distances = np.arange(min(input_radius(_INTEGER_BITS, left_shift), 255) + 1, dtype=np.int64)
    scaled = doubling_high_multiply(-distances << left_shift, multiplier)
    return exp_of_negative(scaled, _INTEGER_BITS).astype(np.int32)

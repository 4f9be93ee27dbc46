"""Fixed-point arithmetic of the int8 reference kernels on NumPy integers, double rounding included.

Source: gemmlowp's fixedpoint.h as TensorFlow Lite Micro uses it; reimplemented. Values are int64 that hold int32.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.quantise import quantise_multiplier

Int64 = npt.NDArray[np.int64]


def wrap(values: Int64) -> Int64:
    """Keep 32 bits, as int32 arithmetic does."""
    return values.astype(np.int32).astype(np.int64)


def doubling_high_multiply(values: Int64, multiplier: Int64 | int) -> Int64:
    """Round ``values * multiplier / 2**31``: add half with the product's sign, then divide towards zero."""
    product = values * multiplier
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    towards_zero: Int64 = np.sign(nudged) * (np.abs(nudged) >> 31)
    return towards_zero


def divide_by_power(values: Int64, exponent: Int64 | int) -> Int64:
    """Round ``values / 2**exponent``, ties away from zero."""
    exponents = np.asarray(exponent, np.int64)
    half = np.where(exponents > 0, np.int64(1) << np.maximum(exponents - 1, 0), 0)
    rounded: Int64 = np.sign(values) * ((np.abs(values) + half) >> exponents)
    return rounded


def multiply(values: Int64, multiplier: Int64 | int, shift: Int64 | int) -> Int64:
    """``values * multiplier * 2**(shift - 31)``, what fp_requant.h does."""
    shifted = wrap(values << np.maximum(shift, 0))
    return divide_by_power(doubling_high_multiply(shifted, multiplier), np.maximum(np.negative(shift), 0))


def requantise(accumulators: Int64, scales: tuple[float, ...]) -> Int64:
    """Scale int32 accumulators (..., channels) by ``scales``, one or one per channel."""
    pairs = np.array([quantise_multiplier(scale) for scale in scales], np.int64)
    return multiply(accumulators, pairs[:, 0], pairs[:, 1])

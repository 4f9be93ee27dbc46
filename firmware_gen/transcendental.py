"""Exponentials and quotients in fixed point, bit for bit as gemmlowp computes them.

Source: gemmlowp's fixedpoint.h (exp_on_negative_values, one_over_one_plus_x_for_x_in_0_1); reimplemented. ``Qm`` means
int32 with m integer bits and 31 - m bits of fraction, held in int64 arrays.
"""

import numpy as np

from firmware_gen.fixed_point import Int64, divide_by_power, doubling_high_multiply

ONE = (1 << 31) - 1  # the Q0 that is nearest to 1
_INT32 = (-(1 << 31), (1 << 31) - 1)
_EXP_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
# exp(-2**k) for k from -2: what each set bit of the distance multiplies by
_EXP_OF_BITS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_48_OVER_17, _MINUS_32_OVER_17 = 1515870810, -1010580540  # Q2


def multiply_by_power(values: Int64, exponent: int) -> Int64:
    """``values * 2**exponent``: rounded for a negative exponent, else saturated."""
    if exponent < 0:
        return divide_by_power(values, -exponent)
    saturated: Int64 = np.clip(values << exponent, *_INT32)
    return saturated


def _exp_near_zero(a: Int64) -> Int64:
    """Taylor series around -1/8 of Q0 numbers from -1/4 to 0."""
    x = a + (1 << 28)
    square = doubling_high_multiply(x, x)
    cube, fourth = doubling_high_multiply(square, x), doubling_high_multiply(square, square)
    high = doubling_high_multiply(divide_by_power(fourth, 2) + cube, _THIRD) + square
    return _EXP_MINUS_EIGHTH + doubling_high_multiply(x + divide_by_power(high, 1), _EXP_MINUS_EIGHTH)


def exp_of_negative(a: Int64, integer_bits: int) -> Int64:
    """Q0 exponential of numbers up to 0 in Q``integer_bits``, at most 5."""
    fraction = 31 - integer_bits
    quarter = 1 << (fraction - 2)
    rest = (a & (quarter - 1)) - quarter
    result = _exp_near_zero(multiply_by_power(rest, integer_bits))
    remainder = rest - a
    for place, factor in enumerate(_EXP_OF_BITS[: integer_bits + 2], fraction - 2):
        result = np.where(remainder & (1 << place), doubling_high_multiply(result, factor), result)
    return np.where(a == 0, ONE, result)


def _newton_quotient(a: Int64) -> Int64:
    """Q2 quotient 2 / (1 + a), for ``a`` from 0 to 1 in Q0."""
    total = a + ONE
    half_denominator = (total + np.where(total >= 0, 1, -1)) // 2
    x = _48_OVER_17 + doubling_high_multiply(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        rest = (1 << 29) - doubling_high_multiply(half_denominator, x)
        x = x + multiply_by_power(doubling_high_multiply(x, rest), 2)
    return x


def one_over_one_plus(a: Int64) -> Int64:
    """Q0 quotient 1 / (1 + a), for ``a`` from 0 to 1 in Q0."""
    return multiply_by_power(_newton_quotient(a), 1)


def _one_minus_over_one_plus(a: Int64) -> Int64:
    """Q0 quotient (1 - a) / (1 + a), for ``a`` from 0 to 1 in Q0."""
    return multiply_by_power(_newton_quotient(a) - (1 << 29), 2)


def logistic(a: Int64, integer_bits: int) -> Int64:
    """Q0 of 1 / (1 + exp(-a)), for Q``integer_bits``."""
    positive = one_over_one_plus(exp_of_negative(-np.abs(a), integer_bits))
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, ONE - positive))


def tanh(a: Int64, integer_bits: int) -> Int64:
    """Q0 hyperbolic tangent of Q``integer_bits``; twice the argument is the same number in one more integer bit."""
    positive = _one_minus_over_one_plus(exp_of_negative(-np.abs(a), integer_bits + 1))
    return np.where(a == 0, 0, np.where(a > 0, positive, -positive))

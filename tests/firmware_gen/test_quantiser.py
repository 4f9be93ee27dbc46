"""Multipliers, activation ranges and folded biases against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from firmware_gen.graph import Activation
from firmware_gen.quantise import activation_range, fold, quantise_multiplier, round_half_away
from host_bridge.errors import UserError

RNG = np.random.default_rng(5)
MULTIPLIERS = [*np.exp2(RNG.uniform(-35, 12, 300)), 1.0, 0.5, 2.0**-31, 2.0**-32, 2.0**-33, 1 - 2.0**-40, 1 - 2.0**-32]


@pytest.mark.parametrize("real", MULTIPLIERS)
def test_multiplier_is_the_nearest(real: float) -> None:
    multiplier, shift = quantise_multiplier(float(real))
    if multiplier == 0:
        assert real < 2.0**-31
        return
    assert 1 << 30 <= multiplier < 1 << 31
    unit = Fraction(2) ** (shift - 31)
    error = abs(multiplier * unit - Fraction(float(real)))
    assert error <= unit / 2


def test_no_multiplier() -> None:
    assert quantise_multiplier(0.0) == (0, 0)


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.5, 1), (-0.5, -1), (1.5, 2), (-2.5, -3), (0.49999999999999994, 0), (2.0**31 - 0.5, 2**31)]
)
def test_ties_go_away_from_zero(value: float, rounded: int) -> None:
    assert round_half_away(value) == rounded


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        (Activation.NONE, 0.1, 3, (-128, 127)),
        (Activation.RELU, 0.1, 3, (3, 127)),
        (Activation.RELU, 0.1, -128, (-128, 127)),
        (Activation.RELU6, 0.1, -20, (-20, 40)),
        (Activation.RELU6, 6 / 255, -128, (-128, 127)),
        (Activation.RELU_N1_TO_1, 0.25, 10, (6, 14)),
        (Activation.RELU_N1_TO_1, 0.4, 0, (-3, 3)),
    ],
)
def test_activation_ranges(activation: Activation, scale: float, zero_point: int, expected: tuple[int, int]) -> None:
    assert activation_range(activation, scale, zero_point) == expected


def test_folded_bias_is_what_zero_points_give() -> None:
    rows = RNG.integers(-127, 128, (5, 40)).astype(np.int8)
    bias = RNG.integers(-1000, 1000, 5).astype(np.int32)
    values = RNG.integers(-128, 128, 40)
    folded = fold(rows, bias, -17, (0.01,), "layer").bias
    expected = [sum(int(w) * (int(x) + 17) for w, x in zip(row, values, strict=True)) + int(b)
                for row, b in zip(rows, bias, strict=True)]  # fmt: skip
    np.testing.assert_array_equal(folded + rows.astype(np.int64) @ values, expected)


@pytest.mark.parametrize(
    ("bias", "scales", "fragment"),
    [
        (2**31 - 1, (0.01,), "channel 1"),
        (-(2**31), (0.01,), "channel 1"),
        (1, (2.0**29,), "leave 32 bits"),
        (0, (2.0**31,), "left shift"),
        (0, (float("inf"),), "not finite"),
    ],
)
def test_accumulators_that_may_overflow_are_refused(bias: int, scales: tuple[float, ...], fragment: str) -> None:
    rows = np.array([[0, 0], [1, -1]], np.int8)
    with pytest.raises(UserError, match=fragment):
        fold(rows, np.array([0, bias], np.int32), 0, scales, "layer 'x'")


def test_accumulators_at_the_very_ends_are_allowed() -> None:
    rows = np.array([[1, -1]], np.int8)
    top = 2**31 - 1 - 127 - 128
    assert fold(rows, np.array([top], np.int32), 0, (0.01,), "layer").bias[0] == top
    with pytest.raises(UserError):
        fold(rows, np.array([top + 1], np.int32), 0, (0.01,), "layer")

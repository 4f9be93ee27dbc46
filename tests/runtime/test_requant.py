"""Requantisation against its definition: random values, extremes, ties, every legal shift."""

import ctypes

import numpy as np
import pytest
from host_runtime import HostRuntime
from numpy.typing import NDArray
from numpy_reference import doubling_high_multiply, requantize

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
MULTIPLIERS = (0, 1, 1 << 30, (1 << 30) + 1, 1518500250, INT32_MAX - 1, INT32_MAX)
SHORT_LIMIT = 1 << 30
SHORT_EXPONENTS = range(1, 23)


def accumulators(shift: int, limit: int = INT32_MAX) -> NDArray[np.int64]:
    """Extremes, neighbours of every power of two, ties at this shift, and random values of every magnitude."""
    rng = np.random.default_rng(1000 + shift)
    powers = np.left_shift(np.int64(1), np.arange(32))
    near = (powers[:, None] + np.arange(-2, 3)).ravel()
    step = 1 << max(-shift, 0)
    ties = step // 2 + step * np.arange(-40, 40) if step > 1 else np.arange(-40, 40)
    doubled_ties = 2 * ties[:, None] + np.arange(-1, 2)  # a multiplier of 2^30 halves them
    spread = rng.integers(INT32_MIN, INT32_MAX, 2000) >> rng.integers(0, 31, 2000)
    values = np.concatenate([near, -near, ties, doubled_ties.ravel(), spread, [INT32_MIN, INT32_MAX, 0]])
    return np.unique(values[(np.abs(values) < limit) | ((limit == INT32_MAX) & (values >= INT32_MIN))])


def as_int32(values: NDArray[np.int64]) -> NDArray[np.int32]:
    kept = values[(values >= INT32_MIN) & (values <= INT32_MAX)]
    return kept.astype(np.int32)


@pytest.mark.parametrize("shift", range(-31, 31))
def test_requantise_equals_definition(runtime: HostRuntime, shift: int) -> None:
    x = as_int32(accumulators(shift))
    result = np.empty_like(x)
    for multiplier in MULTIPLIERS:
        runtime.library.probe_requantize(
            x.ctypes.data_as(ctypes.c_void_p), x.size, multiplier, shift, result.ctypes.data_as(ctypes.c_void_p)
        )
        expected = requantize(x.astype(np.int64), np.int64(multiplier), np.int64(shift))
        wrong = np.flatnonzero(result != expected)
        assert wrong.size == 0, f"x = {x[wrong[0]]}, m = {multiplier}: {result[wrong[0]]}, not {expected[wrong[0]]}"


def test_rounding_ties_by_hand(runtime: HostRuntime) -> None:
    """x * 0.5 * 2^-1: 2 is a tie of the second rounding; 1 of the first, which goes up."""
    x = np.array([2, -2, 6, -6, 1, -1, 3, -3], np.int32)
    result = np.empty_like(x)
    runtime.library.probe_requantize(
        x.ctypes.data_as(ctypes.c_void_p), x.size, 1 << 30, -1, result.ctypes.data_as(ctypes.c_void_p)
    )
    # First step 1 -1 3 -3 1 0 2 -1, then halves away from zero.
    assert result.tolist() == [1, -1, 2, -2, 1, 0, 1, -1]


def test_multiply_saturates(runtime: HostRuntime) -> None:
    extremes = (INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX - 1, INT32_MAX)
    for a in extremes:
        for b in extremes:
            assert runtime.library.probe_multiply(a, b) == doubling_high_multiply(np.int64(a), np.int64(b))
    assert runtime.library.probe_multiply(INT32_MIN, INT32_MIN) == INT32_MAX


@pytest.mark.parametrize("exponent", SHORT_EXPONENTS)
@pytest.mark.parametrize("zero_point", [-128, -1, 0, 127])
def test_short_form_equals_definition(runtimes: dict[str, HostRuntime], exponent: int, zero_point: int) -> None:
    library = runtimes["fast"].library
    x = as_int32(accumulators(-exponent, SHORT_LIMIT))
    result = np.empty(x.size, np.int8)
    for multiplier in MULTIPLIERS:
        assert library.probe_fits(int(np.abs(x).max()), multiplier, -exponent) == 1
        library.probe_lanes(
            *(x.ctypes.data_as(ctypes.c_void_p), x.size, multiplier, -exponent, zero_point),
            result.ctypes.data_as(ctypes.c_void_p),
        )
        scaled = requantize(x.astype(np.int64), np.int64(multiplier), np.int64(-exponent))
        expected = np.clip(scaled + zero_point, -128, 127)
        wrong = np.flatnonzero(result != expected)
        assert wrong.size == 0, f"x = {x[wrong[0]]}, m = {multiplier}: {result[wrong[0]]}, not {expected[wrong[0]]}"


def test_short_form_is_refused_outside_its_range(runtimes: dict[str, HostRuntime]) -> None:
    fits = runtimes["fast"].library.probe_fits
    assert fits(SHORT_LIMIT - 1, 1 << 30, -1) and fits(SHORT_LIMIT - 1, 1 << 30, -22)
    assert not fits(SHORT_LIMIT, 1 << 30, -1)
    assert not fits(1, -1, -1)
    assert not fits(1, 1 << 30, 0)
    assert not fits(1, 1 << 30, -23)

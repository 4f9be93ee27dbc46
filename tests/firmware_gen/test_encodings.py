"""Encodings lose nothing, and stay within the weight budget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_gen.encodings import ENCODINGS, encode_smallest
from firmware_gen.encodings.base import Encoding
from firmware_gen.encodings.gap8 import GAP8

BUDGET = 2.2


def _random_rows(shape: tuple[int, int], kept: int, seed: int = 0) -> np.ndarray:
    """Exactly ``kept`` weights anywhere in the layer."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(shape, np.int8)
    places = rng.choice(rows.size, kept, replace=False)
    rows.reshape(-1)[places] = rng.choice([-127, -3, -1, 1, 2, 90, 127], kept)
    return rows


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda one: one.name)
@settings(max_examples=60, deadline=None)
@given(channels=st.integers(1, 5), per_channel=st.integers(1, 1200), density=st.floats(0, 1), seed=st.integers(0, 999))
def test_decoding_gives_the_rows_back(
    encoding: Encoding, channels: int, per_channel: int, density: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = (rng.integers(-128, 128, (channels, per_channel)) * (rng.random((channels, per_channel)) < density)).astype(
        np.int8
    )
    np.testing.assert_array_equal(encoding.decode(encoding.encode(rows), channels, per_channel), rows)


@pytest.mark.parametrize("gap", [0, 1, 254, 255, 256, 509, 510, 511, 1020])
def test_gap8_by_hand(gap: int) -> None:
    rows = np.zeros((1, gap + 3), np.int8)
    rows[0, gap], rows[0, gap + 2] = -1, 5
    escapes = bytes([255]) * (gap // 255)
    assert GAP8.encode(rows) == bytes([2]) + escapes + bytes([gap % 255, 0xFF]) + bytes([1, 5])


def test_gap8_counts_beyond_seven_bits() -> None:
    assert GAP8.encode(np.ones((1, 300), np.int8))[:4] == bytes([300 % 128 | 128, 300 // 128, 0, 1])


def test_gap8_of_nothing_is_one_byte_a_channel() -> None:
    assert GAP8.encode(np.zeros((7, 500), np.int8)) == bytes(7)


@pytest.mark.parametrize(
    "shape", [(64, 64 * 9), (128, 64 * 9), (512, 512 * 9), (128, 3136), (256, 1152), (32, 16 * 25), (512, 4096)]
)
def test_budget_at_98_percent(shape: tuple[int, int]) -> None:
    kept = round(0.02 * shape[0] * shape[1])
    encoded = encode_smallest(_random_rows(shape, kept))
    assert encoded.encoding is GAP8
    assert len(encoded.data) <= BUDGET * kept


def test_the_smallest_wins_and_every_candidate_is_reported() -> None:
    for kept in (5, 400, 990):
        rows = _random_rows((10, 100), kept)
        encoded = encode_smallest(rows)
        sizes = {one.name: len(one.encode(rows)) for one in ENCODINGS}
        assert encoded.candidates == sizes
        assert len(encoded.data) == min(sizes.values()) == sizes[encoded.encoding.name]

"""Exact masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.masks import apply_mask, apply_masks, fingerprint, top_k
from trainer.tensors import Role, TensorSpec


def ranked(scores: list[float], k: int) -> list[bool]:
    """The definition, word for word: highest first, of equals the first."""
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    return [index in order[:k] for index in range(len(scores))]


@given(st.lists(st.sampled_from([-np.inf, -1.5, 0.0, 0.5, 2.0, 1e300]), min_size=1, max_size=23), st.data())
def test_keeps_the_best_and_breaks_ties_by_position(scores: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(scores)))
    assert top_k(np.array(scores), k).tolist() == ranked(scores, k)


@pytest.mark.parametrize("k", [0, 1, 7, 34, 35])
def test_all_equal_scores_keep_the_first_k(k: int) -> None:
    mask = top_k(np.full((5, 7), 0.25), k)
    assert mask.shape == (5, 7)
    assert mask.ravel().tolist() == [True] * k + [False] * (35 - k)


@pytest.mark.parametrize("k", [-1, 7])
def test_refuses_a_count_out_of_range(k: int) -> None:
    with pytest.raises(ValueError, match="of 6"):
        top_k(np.zeros(6), k)


def test_refuses_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        top_k(np.array([1.0, np.nan]), 1)


def test_applying_masks_writes_starts_and_leaves_the_rest() -> None:
    weight = np.array([[1.0, -2.0], [np.inf, 4.0]], np.float32)
    mask = np.array([[True, False], [False, True]])
    assert apply_mask(weight, mask).tolist() == [[1.0, 0.0], [0.0, 4.0]]
    assert apply_mask(weight, mask, 1.0).tolist() == [[1.0, 1.0], [1.0, 4.0]]
    specs = (
        TensorSpec("a/kernel", (2, 2), True),
        TensorSpec("a/bias", (2,), False, Role.BIAS),
        TensorSpec("n/gamma", (2,), False, Role.SCALE),
    )
    vector = np.array([5, 6], np.float32)
    masked, bias, scale = apply_masks(specs, (weight, vector, vector), (mask, None, np.array([False, True])))
    assert masked.dtype == scale.dtype == np.float32
    assert masked.tolist() == [[1.0, 0.0], [0.0, 4.0]]
    assert bias.tolist() == [5.0, 6.0]
    assert scale.tolist() == [1.0, 6.0]


def crc32(data: bytes) -> int:
    """Bit by bit, as ISO 3309 has it."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def test_a_fingerprint_is_the_crc_of_the_bits() -> None:
    mask = np.array([True, False, True, True, False, False, False, False, True, True])
    assert fingerprint((mask,)) == crc32(bytes([0b1011_0000, 0b1100_0000]))
    assert fingerprint((mask, None, mask)) == crc32(bytes([0b1011_0000, 0b1100_0000, 0xFF, 0b1011_0000, 0b1100_0000]))


def test_every_single_bit_changes_the_fingerprint() -> None:
    mask = np.random.default_rng(0).random((3, 7)) < 0.5
    seen = {fingerprint((None, mask))}
    for position in np.ndindex(mask.shape):
        other = mask.copy()
        other[position] ^= True
        seen.add(fingerprint((None, other)))
    assert len(seen) == 1 + mask.size

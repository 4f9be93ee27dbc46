"""Masks on the line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.tensors import Masks, Role, TensorSpec
from trainer.wire.masks import BITMAP, GAPS, decode_masks, encode_chosen, encode_masks

SPECS = (
    TensorSpec("a/kernel", (3, 5), True),
    TensorSpec("a/bias", (5,), False, Role.BIAS),
    TensorSpec("b/kernel", (700, 2), True),
)


def masks_of(kept: set[int]) -> Masks:
    bits = np.zeros(15 + 1400, np.bool_)
    bits[sorted(kept)] = True
    return bits[:15].reshape(3, 5), None, bits[15:].reshape(700, 2)


def by_hand(kept: set[int]) -> bytes:
    """Gaps one by one."""
    line, last = [GAPS], -1
    for position in sorted(kept):
        gap = position - last - 1
        line += [255] * (gap // 255) + [gap % 255]
        last = position
    return bytes(line)


@given(st.sets(st.integers(0, 1414), max_size=60))
def test_few_weights_are_written_as_gaps_and_come_back(kept: set[int]) -> None:
    masks = masks_of(kept)
    payload = encode_masks(SPECS, masks)
    assert payload == by_hand(kept)
    for got, sent in zip(decode_masks(SPECS, payload), masks, strict=True):
        assert got is sent is None or np.array_equal(got, sent)


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_many_weights_are_written_as_bits_and_come_back(share: float) -> None:
    random = np.random.default_rng(0)
    masks = masks_of({position for position in range(1415) if random.random() < share})
    payload = encode_masks(SPECS, masks)
    assert payload[0] == BITMAP
    assert len(payload) == 1 + -(-1415 // 8)
    for got, sent in zip(decode_masks(SPECS, payload), masks, strict=True):
        assert got is sent is None or np.array_equal(got, sent)


@pytest.mark.parametrize("gap", [0, 1, 254, 255, 256, 509, 510, 511, 1414])
def test_long_gaps(gap: int) -> None:
    masks = masks_of({gap})
    payload = encode_masks(SPECS, masks)
    assert payload == by_hand({gap})
    assert np.array_equal(decode_masks(SPECS, payload)[2], masks[2])


@pytest.mark.parametrize("payload", [b"", b"\x02", b"\x00" * 9, b"\x01\xff", bytes([GAPS]) + b"\xff" * 5 + b"\xfe" * 2])
def test_nonsense_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="no masks of 1415 weights"):
        decode_masks(SPECS, payload)


def test_chosen_elements_are_positions_and_values() -> None:
    payload = encode_chosen(np.array([3, 70000]), np.array([0.5, -2.0], np.float32))
    assert np.frombuffer(payload[:8], "<u4").tolist() == [3, 70000]
    assert np.frombuffer(payload[8:], "<f4").tolist() == [0.5, -2.0]

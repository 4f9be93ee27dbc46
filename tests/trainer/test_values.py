"""What travels: kept values only, and how many bytes they take on the line."""

import struct

import numpy as np
import pytest

from host_bridge.frame import Frame, FrameDecoder
from host_bridge.messages import DEFAULT_MAX_PAYLOAD
from trainer.tensors import Masks, Role, TensorSpec
from trainer.traffic import payload_bytes, setup_bytes
from trainer.values import pack_values, unpack_values, value_count

SPECS = (
    TensorSpec("a/kernel", (2, 3), True),
    TensorSpec("a/bias", (3,), False, Role.BIAS),
    TensorSpec("b/kernel", (4,), True),
)
WEIGHTS = tuple(np.arange(1, spec.size + 1, dtype=np.float32).reshape(spec.shape) for spec in SPECS)
MASKS: Masks = (np.array([[True, False, True], [False, False, True]]), None, np.zeros(4, np.bool_))


def test_only_kept_values_and_biases_travel_in_order() -> None:
    assert pack_values(WEIGHTS, MASKS).tolist() == [1, 3, 6, 1, 2, 3]
    assert value_count(SPECS, MASKS) == 6


def test_unpacking_puts_zeros_where_masks_drop() -> None:
    kernel, bias, empty = unpack_values(pack_values(WEIGHTS, MASKS), MASKS, SPECS)
    assert kernel.tolist() == [[1, 0, 3], [0, 0, 6]]
    assert bias.tolist() == [1, 2, 3]
    assert empty.tolist() == [0, 0, 0, 0]


def test_a_dead_channel_does_not_travel_and_gets_its_start_back() -> None:
    specs = (TensorSpec("n/gamma", (3,), False, Role.SCALE), TensorSpec("n/moving_mean", (3,), False, Role.MEAN))
    alive = np.array([True, False, True])
    weights = (np.array([5, 6, 7], np.float32), np.array([8, 9, 10], np.float32))
    values = pack_values(weights, (alive, alive))
    assert values.tolist() == [5, 7, 8, 10]
    gamma, mean = unpack_values(values, (alive, alive), specs)
    assert gamma.tolist() == [5, 1, 7]
    assert mean.tolist() == [8, 0, 10]


def test_dense_values_travel_whole() -> None:
    everything: Masks = (None, None, np.ones(4, np.bool_))
    values = pack_values(WEIGHTS, everything)
    assert len(values) == sum(spec.size for spec in SPECS)
    for got, sent in zip(unpack_values(values, everything, SPECS), WEIGHTS, strict=True):
        assert np.array_equal(got, sent)


@pytest.mark.parametrize("count", [5, 7])
def test_a_wrong_number_of_values_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="keep 6"):
        unpack_values(np.zeros(count, np.float32), MASKS, SPECS)


@pytest.mark.parametrize("count", [0, 1, 254, 255, 256, 509, 510, 511, 5000])
def test_bytes_are_those_of_frames_that_carry_the_values(count: int) -> None:
    """Build the line independently, decode it, find every value again, and compare the length."""
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    payload, room = struct.pack(f"<{count}f", *values), DEFAULT_MAX_PAYLOAD - 4
    starts = range(0, len(payload), room)
    line = b"".join(
        Frame(0, number, struct.pack("<I", start) + payload[start : start + room]).encode()
        for number, start in enumerate(starts)
    )
    frames = [frame for frame in FrameDecoder().feed(line) if isinstance(frame, Frame)]
    assert b"".join(frame.payload[4:] for frame in frames) == payload
    assert payload_bytes(payload) == len(line)


def test_overhead_is_small_and_the_setup_tiny() -> None:
    payload = np.ones(6000, np.float32).tobytes()
    assert len(payload) < payload_bytes(payload) < 1.03 * len(payload)
    assert setup_bytes(2**64 - 1, 2**32 - 1) < 32

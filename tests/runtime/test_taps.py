"""The expanders: every encoded row comes back, every damaged one is refused, nothing is read or written outside."""

import ctypes

import numpy as np
import pytest
from host_runtime import GUARD, HostRuntime, assert_guards_intact, guarded, inside
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from runtime_structs import (
    ENCODING_DENSE,
    ENCODING_GAP8,
    FP_ERR_CAPACITY,
    FP_ERR_ENCODING,
    FP_OK,
    TAP_END,
    TapGeometry,
    WeightStream,
)
from weight_streams import encode, gap8_row, leb128

AREA = 6
POSITIONS = np.array([0, 1, 2, 23, 24, 25], np.uint32)
PITCH = 391

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def rows(draw: st.DrawFn) -> NDArray[np.int8]:
    """A row of weights: whole input channels, few or many of them kept."""
    size = AREA * draw(st.integers(1, 300))
    row = np.zeros(size, np.int8)
    kept = draw(st.lists(st.integers(0, size - 1), max_size=40))
    for index in kept:
        row[index] = draw(st.integers(-128, 127).filter(bool))
    return row


class Expansion:
    """One call of fp_taps_expand on a stream of exactly these bytes."""

    def __init__(self, runtime: HostRuntime, encoding: int, data: bytes, weights: int, capacity: int) -> None:
        source = np.frombuffer(data + b"\x55", np.uint8)
        positions = POSITIONS << 9  # FP_TAP(offset, 0)
        taps = guarded(np.zeros(4 * (capacity + 1), np.int8))
        geometry = TapGeometry(positions.ctypes.data, AREA, PITCH, weights)
        start = source.ctypes.data
        stream = WeightStream(start, start + len(data))
        self.status = runtime.library.fp_taps_expand(
            encoding, ctypes.byref(stream), ctypes.byref(geometry), inside(taps), capacity
        )
        assert_guards_intact(taps)
        self.taps = taps[GUARD:-GUARD].view(np.uint32)
        self.used = (stream.next or 0) - start


def expected_taps(row: NDArray[np.int8]) -> list[int]:
    kept = np.flatnonzero(row)
    offsets = kept // AREA * PITCH + POSITIONS[kept % AREA]
    weights = 2 * row[kept].astype(np.int64) & 0x1FF
    return [*(offsets * 512 + weights).tolist(), TAP_END]


@pytest.mark.parametrize("encoding", [ENCODING_DENSE, ENCODING_GAP8])
@quick
@given(row=rows())
def test_rows_come_back(runtime: HostRuntime, encoding: int, row: NDArray[np.int8]) -> None:
    data = encode(row[None], encoding)
    expected = expected_taps(row)
    result = Expansion(runtime, encoding, data, row.size, len(expected) - 1)
    assert result.status == FP_OK
    assert result.used == len(data)
    assert result.taps.tolist() == expected


@pytest.mark.parametrize("encoding", [ENCODING_DENSE, ENCODING_GAP8])
@quick
@given(row=rows(), data=st.data())
def test_truncated_rows_are_refused(
    runtime: HostRuntime, encoding: int, row: NDArray[np.int8], data: st.DataObject
) -> None:
    whole = encode(row[None], encoding)
    length = data.draw(st.integers(0, len(whole) - 1))
    assert Expansion(runtime, encoding, whole[:length], row.size, 40).status == FP_ERR_ENCODING


@quick
@given(data=st.binary(max_size=60), weights=st.integers(1, 5000), capacity=st.integers(0, 20))
def test_arbitrary_bytes_do_no_harm(runtime: HostRuntime, data: bytes, weights: int, capacity: int) -> None:
    result = Expansion(runtime, ENCODING_GAP8, data, weights, capacity)
    assert result.status in (FP_OK, FP_ERR_ENCODING, FP_ERR_CAPACITY)
    assert 0 <= result.used <= len(data)
    assert TAP_END in result.taps


def test_two_rows_follow_each_other(runtime: HostRuntime) -> None:
    row = np.arange(-3, 3, dtype=np.int8)
    data = gap8_row(row) + gap8_row(-row)
    first = Expansion(runtime, ENCODING_GAP8, data, row.size, 6)
    assert first.status == FP_OK
    assert Expansion(runtime, ENCODING_GAP8, data[first.used :], row.size, 6).status == FP_OK


HOSTILE = {
    "index at the row's end": leb128(1) + bytes([12, 1]),
    "index past the row's end by an escape": leb128(1) + bytes([255, 0, 1]),
    "second index past the end": leb128(2) + bytes([5, 1, 6, 1]),
    "weight 0": leb128(1) + bytes([3, 0]),
    "count above the row's weights": leb128(13) + bytes([0, 1]) * 13,
    "count of 2^32": b"\x80\x80\x80\x80\x10",
    "count that never ends": b"\xff" * 20,
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rows_are_refused(runtime: HostRuntime, name: str) -> None:
    assert Expansion(runtime, ENCODING_GAP8, HOSTILE[name], 12, 40).status == FP_ERR_ENCODING


def test_more_taps_than_capacity(runtime: HostRuntime) -> None:
    row = np.ones(12, np.int8)
    for encoding in (ENCODING_DENSE, ENCODING_GAP8):
        data = encode(row[None], encoding)
        assert Expansion(runtime, encoding, data, 12, 11).status == FP_ERR_CAPACITY
        assert Expansion(runtime, encoding, data, 12, 12).status == FP_OK


@pytest.mark.parametrize("encoding", [2, 7, 255])
def test_unknown_encodings_are_refused(runtime: HostRuntime, encoding: int) -> None:
    assert Expansion(runtime, encoding, b"\0" * 12, 12, 12).status == FP_ERR_ENCODING

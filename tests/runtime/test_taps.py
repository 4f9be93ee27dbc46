"""The expanders: every encoded row comes back, every damaged one is refused, nothing is read or written outside."""

import ctypes

import numpy as np
import pytest
from host_runtime import GUARD, HostRuntime, assert_guards_intact, guarded, inside
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from runtime_structs import (
    ENCODING_ENTROPY,
    ENCODING_GAP4,
    ENCODING_GAP8,
    FP_ERR_CAPACITY,
    FP_ERR_ENCODING,
    FP_OK,
    READER_BYTES,
    TAP_END,
    TapGeometry,
)
from weight_streams import encode, leb128

ENCODINGS = range(4)
AREA = 6
POSITIONS = np.array([0, 1, 2, 23, 24, 25], np.uint32)
PITCH = 391

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
    """A reader opened on exactly these bytes, so many rows expanded, and the reader closed."""

    def __init__(
        self, runtime: HostRuntime, encoding: int, data: bytes, weights: int, capacity: int, *, rows: int = 1
    ) -> None:
        source = np.frombuffer(data + b"\x55", np.uint8)
        positions = POSITIONS << 9  # FP_TAP(offset, 0)
        geometry = TapGeometry(positions.ctypes.data, AREA, PITCH, weights)
        library = runtime.library
        tables = guarded(np.zeros(library.fp_reader_table_bytes(encoding), np.int8))
        reader = guarded(np.zeros(READER_BYTES, np.int8))
        start = ctypes.c_void_p(source.ctypes.data)
        self.lists: list[list[int]] = []
        self.status = library.fp_reader_open(inside(reader), encoding, start, len(data), inside(tables))
        while self.status == FP_OK and len(self.lists) < rows:
            taps = guarded(np.zeros(4 * (capacity + 1), np.int8))
            self.status = library.fp_taps_expand(inside(reader), ctypes.byref(geometry), inside(taps), capacity)
            assert_guards_intact(taps)
            self.lists.append(taps[GUARD:-GUARD].view(np.uint32).tolist())
        if self.status == FP_OK:
            self.status = library.fp_reader_close(inside(reader))
        assert_guards_intact(tables)
        assert_guards_intact(reader)


def expected_taps(row: NDArray[np.int8]) -> list[int]:
    kept = np.flatnonzero(row)
    offsets = kept // AREA * PITCH + POSITIONS[kept % AREA]
    weights = 2 * row[kept].astype(np.int64) & 0x1FF
    return [*(offsets * 512 + weights).tolist(), TAP_END]


@pytest.mark.parametrize("encoding", ENCODINGS)
@quick
@given(row=rows(), seed=st.integers(0, 99))
def test_rows_come_back(runtime: HostRuntime, encoding: int, row: NDArray[np.int8], seed: int) -> None:
    """Three rows, one of them often empty."""
    other = np.random.default_rng(seed).permutation(row) if seed % 2 else np.zeros_like(row)
    layer = np.stack([row, other, row[::-1]])
    expected = [expected_taps(each) for each in layer]
    capacity = int(np.count_nonzero(layer, axis=1).max())
    result = Expansion(runtime, encoding, encode(layer, encoding), row.size, capacity, rows=3)
    assert result.status == FP_OK
    assert [each[: len(want)] for each, want in zip(result.lists, expected, strict=True)] == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
@quick
@given(row=rows(), data=st.data())
def test_truncated_rows_are_refused(
    runtime: HostRuntime, encoding: int, row: NDArray[np.int8], data: st.DataObject
) -> None:
    whole = encode(row[None], encoding)
    length = data.draw(st.integers(0, len(whole) - 1))
    assert Expansion(runtime, encoding, whole[:length], row.size, 40).status in (FP_ERR_ENCODING, FP_ERR_CAPACITY)


@pytest.mark.parametrize("encoding", ENCODINGS)
@quick
@given(row=rows(), more=st.binary(min_size=1, max_size=9))
def test_more_bytes_are_refused(runtime: HostRuntime, encoding: int, row: NDArray[np.int8], more: bytes) -> None:
    whole = encode(row[None], encoding) + more
    assert Expansion(runtime, encoding, whole, row.size, 40).status == FP_ERR_ENCODING


@pytest.mark.parametrize("encoding", ENCODINGS)
@quick
@given(data=st.binary(max_size=60), weights=st.integers(1, 5000), capacity=st.integers(0, 20), head=st.integers(0, 99))
def test_arbitrary_bytes_do_no_harm(
    runtime: HostRuntime, *, encoding: int, data: bytes, weights: int, capacity: int, head: int
) -> None:
    """Behind the start of a legal stream, so that the tables of entropy codes are got past."""
    legal = encode(np.arange(-9, 9, dtype=np.int8)[None], encoding)
    result = Expansion(runtime, encoding, legal[:head] + data, weights, capacity, rows=3)
    assert result.status in (FP_OK, FP_ERR_ENCODING, FP_ERR_CAPACITY)
    assert all(TAP_END in each for each in result.lists)


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
    for encoding in ENCODINGS:
        data = encode(row[None], encoding)
        assert Expansion(runtime, encoding, data, 12, 11).status == FP_ERR_CAPACITY
        assert Expansion(runtime, encoding, data, 12, 12).status == FP_OK


@pytest.mark.parametrize("encoding", [4, 7, 255])
def test_unknown_encodings_are_refused(runtime: HostRuntime, encoding: int) -> None:
    assert Expansion(runtime, encoding, b"\0" * 12, 12, 12).status == FP_ERR_ENCODING


def codes(*lengths: int) -> bytes:
    """A table with a class for each of 0..31, or fewer."""
    nibbles = [*lengths, 0]
    pairs = (nibbles[at] | nibbles[at + 1] << 4 for at in range(0, len(lengths), 2))
    return bytes([1 << 4 | 5, len(lengths), *pairs])


EVEN, UNUSED = codes(*[5] * 32), codes(1, 1)
HOSTILE_CODES = {
    "empty": b"",
    "one table": EVEN,
    "no class": codes() + EVEN,
    "33 classes": codes(*[5] * 31, 6, 6) + EVEN,
    "codes left over": codes(2, 2, 2) + EVEN,
    "too many codes": codes(1, 1, 1) + EVEN,
    "a code of nine bits": codes(1, 2, 3, 4, 5, 6, 7, 9, 9) + EVEN,
    "split of no kind": bytes([4 << 4 | 5]) + EVEN[1:] + EVEN,
    "k below m": bytes([2 << 4 | 2]) + EVEN[1:] + EVEN,
    "weights beyond a byte": EVEN + bytes([7 << 4 | 4]) + EVEN[1:] + b"\0" * 9,
    "weight 0": EVEN + EVEN + b"\0" * 9,
    "skips for ever": codes(*[0] * 30, 1, 1) + UNUSED + b"\xff" * 9,
    "gap past the last row": EVEN + UNUSED + bytes([13 << 3]),
}


@pytest.mark.parametrize("name", HOSTILE_CODES)
def test_hostile_codes_are_refused(runtime: HostRuntime, name: str) -> None:
    assert Expansion(runtime, ENCODING_ENTROPY, HOSTILE_CODES[name], 12, 40).status == FP_ERR_ENCODING


def test_codes_by_hand(runtime: HostRuntime) -> None:
    """Gap 2, weight 1 (written 2), gap 3, weight -3 (written 5), and 5 more to the end: five bits each."""
    digits = "".join(f"{number:05b}" for number in (2, 2, 3, 5, 5)).ljust(32, "0")
    stream = EVEN + EVEN + int(digits, 2).to_bytes(4, "big")
    result = Expansion(runtime, ENCODING_ENTROPY, stream, 12, 2)
    row = np.array([0, 0, 1, 0, 0, 0, -3, 0, 0, 0, 0, 0], np.int8)
    assert (result.status, result.lists) == (FP_OK, [expected_taps(row)])


HOSTILE_NIBBLES = {
    "more weights than bytes": leb128(3) + bytes([1, 1]),
    "no gap": leb128(1) + bytes([1]),
    "weight 0": leb128(1) + bytes([0, 0x00]),
    "escape without an end": leb128(1) + bytes([1, 0x8F, 0x88]),
    "more than ten digits": leb128(1) + bytes([1, 0x8F, *[0x88] * 4, 0x08, 0x00]),
    "index past the row": leb128(1) + bytes([1, 0x0C]),
    "a nibble that is left over": leb128(1) + bytes([1, 0x10]),
    "two nibbles that are left over": leb128(1) + bytes([1, 0x00, 0x00]),
}


@pytest.mark.parametrize("name", HOSTILE_NIBBLES)
def test_hostile_nibbles_are_refused(runtime: HostRuntime, name: str) -> None:
    assert Expansion(runtime, ENCODING_GAP4, HOSTILE_NIBBLES[name], 12, 40).status == FP_ERR_ENCODING


def test_nibbles_by_hand(runtime: HostRuntime) -> None:
    """Gaps 2, 15 + 0 and 15 + 9: 2, then F 0, then F 9 1; the second row starts at 30."""
    stream = leb128(3) + bytes([1, 0xFD, 7]) + bytes([0xF2, 0xF0, 0x19])
    result = Expansion(runtime, ENCODING_GAP4, stream, 30, 2, rows=2)
    rows = np.zeros((2, 30), np.int8)
    rows[0, 2], rows[0, 18], rows[1, 13] = 1, -3, 7
    assert result.status == FP_OK
    assert result.lists[0] == expected_taps(rows[0])
    assert result.lists[1][:2] == expected_taps(rows[1])

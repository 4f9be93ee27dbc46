"""The faults of a bad line, without a line."""

import random
from collections.abc import Callable

import pytest

from device_sim.faults import FaultRates, FaultyLine
from host_bridge.errors import UserError
from host_bridge.frame import Frame

STREAM = b"".join(Frame(2, number, random.Random(number).randbytes(60)).encode() for number in range(200))


def arrived(
    rates: FaultRates, seed: str = "1", cut_after: int | None = None, step: int = 4096
) -> tuple[bytes, FaultyLine]:
    line = FaultyLine(rates, seed, cut_after)
    data = b""
    for start in range(0, len(STREAM), step):
        pieces = line.pass_on(STREAM[start : start + step])
        data += b"".join(piece.data for piece in pieces)
        if any(piece.cut for piece in pieces):
            break
    return data, line


def test_without_faults_everything_arrives() -> None:
    data, line = arrived(FaultRates())
    assert data == STREAM
    assert not line.faults


ALL = FaultRates(drop=0.002, flip=0.002, truncate=0.001, duplicate=0.1, delay=0.1, delay_seconds=0.0)


def test_the_same_seed_gives_the_same_faults_however_the_bytes_come() -> None:
    expected, line = arrived(ALL)
    assert set(line.faults) == {"drop", "flip", "truncate", "duplicate", "delay"}
    for step in (1, 7, 100):
        assert arrived(ALL, step=step)[0] == expected
    assert arrived(ALL, seed="2")[0] != expected


@pytest.mark.parametrize(
    ("rates", "check"),
    [
        (FaultRates(drop=0.01), lambda data, count: len(data) == len(STREAM) - count),
        (FaultRates(flip=0.01), lambda data, count: differing_bits(data) == count),
        (FaultRates(truncate=0.002), lambda data, count: data.count(0) == 200 and len(data) < len(STREAM) - count),
        (FaultRates(duplicate=0.2), lambda data, count: data.count(0) == 200 + count),
    ],
    ids=["drop", "flip", "truncate", "duplicate"],
)
def test_each_fault_does_what_it_says(rates: FaultRates, check: Callable[[bytes, int], bool]) -> None:
    data, line = arrived(rates)
    ((_, count),) = line.faults.items()
    assert count > 5
    assert check(data, count)


def differing_bits(data: bytes) -> int:
    assert len(data) == len(STREAM)
    return sum((a ^ b).bit_count() for a, b in zip(data, STREAM, strict=True))


def test_a_delayed_frame_waits_with_its_last_byte() -> None:
    pieces = FaultyLine(FaultRates(delay=1.0, delay_seconds=0.5), "1").pass_on(b"abc\0de")
    assert [(piece.data, piece.pause) for piece in pieces] == [(b"abc", 0.0), (b"\0", 0.5), (b"de", 0.0)]


@pytest.mark.parametrize("after", [0, 1, 99])
def test_a_line_can_be_cut_at_any_byte(after: int) -> None:
    data, line = arrived(FaultRates(), cut_after=after)
    assert data == STREAM[:after]
    assert line.faults == {"cut": 1}


def test_a_line_may_be_cut_anywhere() -> None:
    data, line = arrived(FaultRates(cut=0.001))
    assert STREAM.startswith(data)
    assert line.faults == {"cut": 1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"drop": 1.5}, "--drop is a probability"),
        ({"flip": -0.1}, "--flip is a probability"),
        ({"drop": 0.6, "cut": 0.6}, "add up to more than 1"),
        ({"duplicate": 0.6, "delay": 0.6}, "add up to more than 1"),
        ({"delay_seconds": -1.0}, "must not be negative"),
    ],
)
def test_impossible_rates_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        FaultRates(**values)

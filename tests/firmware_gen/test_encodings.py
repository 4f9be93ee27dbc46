"""Encodings lose nothing, and each choice between them does what its mode says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_gen.encodings import ENCODINGS, Candidate
from firmware_gen.encodings.base import Encoding
from firmware_gen.encodings.choice import BALANCED_EXTRA, MODES, choose
from firmware_gen.encodings.cost import Workload, estimate
from firmware_gen.encodings.dense import DENSE
from firmware_gen.encodings.entropy import ENTROPY
from firmware_gen.encodings.gap4 import GAP4
from firmware_gen.encodings.gap8 import GAP8
from firmware_gen.encodings.gaps import entropy_bytes

BALANCED_BUDGET = 2.2  # bytes a kept weight
SIZE_BUDGET = 1.15  # times the zero-order entropy


def _random_rows(shape: tuple[int, int], kept: int, seed: int = 0) -> np.ndarray:
    """Exactly ``kept`` weights anywhere in the layer, quantised by channel as normally distributed ones are."""
    rng = np.random.default_rng(seed)
    real = np.zeros(shape)
    real.reshape(-1)[rng.choice(real.size, kept, replace=False)] = rng.normal(size=kept)
    largest = np.maximum(np.abs(real).max(axis=1, keepdims=True), 1e-9)
    rows = np.rint(real / largest * 127)
    return np.where((real != 0) & (rows == 0), 1, rows).astype(np.int8)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda one: one.name)
@settings(max_examples=40, deadline=None)
@given(channels=st.integers(1, 5), per_channel=st.integers(1, 700), density=st.floats(0, 1), seed=st.integers(0, 999))
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
    ("gap", "nibbles"),
    [(0, "0"), (14, "e"), (15, "f0"), (22, "f7"), (23, "f81"), (78, "ff7"), (79, "f881"), (15 + 0o7654, "fcde7")],
)
def test_gap4_by_hand(gap: int, nibbles: str) -> None:
    rows = np.zeros((2, gap + 2), np.int8)
    rows[0, gap], rows[1, 1] = -1, 5
    digits = nibbles + "2"  # from index `gap` to `gap` + 3: two between them
    digits += "0" * (len(digits) % 2)
    swapped = bytes(int(digits[at + 1] + digits[at], 16) for at in range(0, len(digits), 2))
    assert GAP4.encode(rows) == bytes([2, 0xFF, 5]) + swapped


def test_channels_without_weights_cost_nothing_but_a_longer_gap() -> None:
    rows = np.zeros((1000, 300), np.int8)
    rows[0, 0] = rows[999, 299] = 1
    assert len(GAP4.encode(rows)) <= 8
    assert len(ENTROPY.encode(rows)) <= 32


def test_entropy_of_two_equal_halves() -> None:
    """Gaps 0 and 1 in equal numbers are a bit each, weights 3 and -3 in equal numbers another."""
    rows = np.array([[3, 0, -3, -3, 0, 3] * 4], np.int8)
    assert entropy_bytes(rows) == pytest.approx(2 * 16 / 8)
    assert entropy_bytes(np.zeros((3, 3), np.int8)) == 0


SHAPES = [(64, 64 * 9), (128, 64 * 9), (512, 512 * 9), (128, 3136), (256, 1152), (32, 16 * 25)]


@pytest.mark.parametrize("shape", SHAPES)
def test_budgets_at_98_percent(shape: tuple[int, int]) -> None:
    kept = round(0.02 * shape[0] * shape[1])
    rows = _random_rows(shape, kept)
    assert len(GAP8.encode(rows)) <= BALANCED_BUDGET * kept
    if kept > 500:
        assert len(ENTROPY.encode(rows)) <= SIZE_BUDGET * entropy_bytes(rows)
    else:
        assert len(ENTROPY.encode(rows)) < len(GAP8.encode(rows))


@pytest.mark.parametrize("density", [0.06, 0.2, 0.6])
def test_entropy_codes_are_near_the_entropy_of_clustered_masks(density: float) -> None:
    """What is left of a pruned network without its dead channels: few of all, but many of those that live."""
    rows = _random_rows((48, 600), round(48 * 600 * density))
    assert len(ENTROPY.encode(rows)) <= 1.06 * entropy_bytes(rows)


def _candidates(*figures: tuple[int, int]) -> list[Candidate]:
    """Bytes and instructions by encoding, in the order of ENCODINGS."""
    return [
        Candidate(one, bytes(size), instructions) for one, (size, instructions) in zip(ENCODINGS, figures, strict=True)
    ]


LAYERS = [
    _candidates((9000, 100), (4000, 190), (3000, 300), (2000, 600)),
    _candidates((9000, 9000), (4000, 1000), (3900, 1060), (3800, 1070)),
    _candidates((500, 500), (700, 700), (600, 800), (550, 900)),
]


def _total(choice: list[Candidate]) -> tuple[int, int]:
    return sum(len(one.data) for one in choice), sum(one.instructions for one in choice)


def test_speed_takes_the_fewest_instructions() -> None:
    assert [one.encoding.name for one in choose(LAYERS, "speed")] == ["dense", "gap8", "dense"]


def test_size_weighs_decoders_against_what_they_save() -> None:
    """Entropy codes save 2,200 bytes for 1,680 bytes of decoder; 4-bit gaps 1,100 for 980."""
    assert [one.encoding.name for one in choose(LAYERS, "size")] == ["entropy", "entropy", "dense"]
    little = [_candidates((9000, 1), (1000, 2), (900, 3), (500, 4))]
    assert [one.encoding.name for one in choose(little, "size")] == ["gap8"]


def test_balanced_stays_within_its_budget_and_saves_most() -> None:
    """The budget of 400 goes where it saves most: 5,000 bytes for 90."""
    choice = choose(LAYERS, "balanced")
    assert choice[0].encoding.name != "dense"
    assert _total(choice)[1] <= (1 + BALANCED_EXTRA) * _total(choose(LAYERS, "speed"))[1]


@settings(max_examples=60, deadline=None)
@given(
    layers=st.lists(
        st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), min_size=4, max_size=4), min_size=1, max_size=5
    )
)
def test_modes_are_ordered(layers: list[list[tuple[int, int]]]) -> None:
    speed, balanced, size = (
        choose([_candidates(*one) for one in layers], mode) for mode in ("speed", "balanced", "size")
    )

    def flash(choice: list[Candidate]) -> int:
        decoders = {one.encoding.name: one.encoding.decoder_bytes for one in choice}
        return _total(choice)[0] + sum(decoders.values())

    assert _total(speed)[1] <= _total(balanced)[1] <= (1 + BALANCED_EXTRA) * _total(speed)[1]
    assert flash(size) <= flash(balanced) <= flash(speed)


def test_every_mode_has_a_name() -> None:
    assert MODES == ("speed", "size", "balanced")
    assert {one.name for one in (DENSE, GAP8, GAP4, ENTROPY)} == {one.name for one in ENCODINGS}


def test_costs_grow_with_what_is_decoded() -> None:
    work = Workload(64, 64, 576, 737, 1024, 128, dot=False, quad=True)
    costs = [estimate(name, size, work) for name, size in (("gap8", 1539), ("gap4", 1688), ("entropy", 1403))]
    assert costs == sorted(costs)
    assert costs[-1] < 1.05 * costs[0], "decoding is little beside a thousand positions"
    assert estimate("dense", 64 * 576, work) > 10 * costs[0]

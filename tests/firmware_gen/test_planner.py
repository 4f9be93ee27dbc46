"""Memory plans: nothing alive at the same time overlaps, and the arena is near the lower bound."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from op_cases import CASES, OpCase

from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.passes.pack import Lifetime, lower_bound, pack, place
from firmware_gen.passes.plan import ALIGNMENT, lifetimes
from firmware_gen.program import ARENA_SLACK, buffers_of

ITEMS = st.lists(
    st.builds(
        lambda size, first, length: Lifetime(4 * size, first, first + length),
        st.integers(0, 200), st.integers(0, 9), st.integers(0, 5),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(items=ITEMS, seed=st.integers(0, 99))
def test_any_order_gives_a_legal_placement(items: list[Lifetime], seed: int) -> None:
    offsets = place(items, np.random.default_rng(seed).permutation(len(items)).tolist())
    for (a, at), (b, bt) in combinations(zip(items, offsets, strict=True), 2):
        shares_a_moment = bool(set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1)))
        if shares_a_moment and a.size and b.size:
            assert at + a.size <= bt or bt + b.size <= at
    busiest = max(sum(i.size for i in items if i.first <= at <= i.last) for at in range(-1, 16))
    assert lower_bound(items) == busiest
    assert max(at + item.size for at, item in zip(offsets, items, strict=True)) >= busiest


SMALL = st.lists(
    st.builds(
        lambda size, first, length: Lifetime(4 * size, first, first + length),
        st.integers(1, 9), st.integers(0, 5), st.integers(0, 4),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def height(items: list[Lifetime], offsets: tuple[int, ...]) -> int:
    return max(at + item.size for item, at in zip(items, offsets, strict=True))


def overlap(items: list[Lifetime], offsets: tuple[int, ...]) -> bool:
    return any(
        a.meets(b) and at < bt + b.size and bt < at + a.size
        for (a, at), (b, bt) in combinations(zip(items, offsets, strict=True), 2)
    )


@settings(max_examples=60, deadline=None)
@given(items=SMALL)
def test_small_packings_are_as_small_as_any_order_gives(items: list[Lifetime]) -> None:
    """Placing in the order of a best packing's offsets gives its height, so trying all orders finds it."""
    packing = pack(items)
    least = min(height(items, place(items, order)) for order in permutations(range(len(items))))
    assert packing.height == height(items, packing.offsets) == packing.lower_bound == least
    assert not overlap(items, packing.offsets)


def test_the_search_goes_below_what_greedy_orders_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the greedy start taken away, the search alone finds the best packing of random buffers."""
    rng = np.random.default_rng(5)
    beaten = 0
    for _ in range(40):
        firsts = rng.integers(0, 12, 11)
        items = [Lifetime(int(4 * rng.integers(1, 30)), int(at), int(at + rng.integers(0, 5))) for at in firsts]
        known = pack(items)
        with monkeypatch.context() as patched:
            patched.setattr("firmware_gen.passes.pack._SHUFFLES", 0)
            poor = pack(items, comparisons=1)
            alone = pack(items)
        assert known.lower_bound == known.height == alone.height <= poor.height
        assert not overlap(items, alone.offsets)
        beaten += alone.height < poor.height
    assert beaten > 0


def test_a_search_that_is_cut_short_claims_no_bound_it_has_not_proved() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        firsts = rng.integers(0, 40, 30)
        items = [Lifetime(int(rng.integers(1, 999)), int(at), int(at + rng.integers(0, 9))) for at in firsts]
        packing = pack(items, comparisons=300)
        assert not overlap(items, packing.offsets)
        assert lower_bound(items) <= packing.lower_bound <= pack(items).height <= packing.height


def test_nothing_to_pack() -> None:
    assert pack([]).height == pack([Lifetime(0, 0, -1)]).height == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plans_of_models(case: OpCase) -> None:
    program, plan = compile_graph(parse_bytes(case.model(), "model.tflite"))
    assert all(offset % ALIGNMENT == 0 for offset in plan.offsets)
    ends = [offset + buffer.bytes for offset, buffer in zip(plan.offsets, program.buffers, strict=True)]
    assert max(ends) + ARENA_SLACK <= plan.arena_bytes
    assert plan.arena_bytes <= plan.lower_bound + ARENA_SLACK + 8
    for position, call in enumerate(program.calls):
        alive = {i for i, item in enumerate(lifetimes(program)) if item.first <= position <= item.last}
        assert set(buffers_of(call)) <= alive
        for one, other in combinations(alive, 2):
            assert ends[one] <= plan.offsets[other] or ends[other] <= plan.offsets[one]

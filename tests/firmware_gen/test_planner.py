"""Memory plans: nothing alive at the same time overlaps, and the arena is near the lower bound."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from op_cases import CASES, OpCase

from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.passes.plan import ALIGNMENT, Lifetime, lifetimes, lower_bound, place
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

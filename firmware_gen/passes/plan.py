"""Place buffers in one arena so that those alive at the same time do not overlap."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from firmware_gen.program import ARENA_SLACK, Plan, Program, buffers_of

ALIGNMENT = 4
ARENA_ALIGNMENT = 8
_SHUFFLES = 200


@dataclass(frozen=True)
class Lifetime:
    """A buffer for the planner: size in bytes, first and last call that needs it (-1: before the first)."""

    size: int
    first: int
    last: int

    def meets(self, other: "Lifetime") -> bool:
        """Whether both are alive at some call."""
        return self.first <= other.last and other.first <= self.last


def lifetimes(program: Program) -> tuple[Lifetime, ...]:
    """When each buffer of a program is needed; sizes rounded up to the alignment.

    A buffer that no call touches is needed never.
    """
    first: dict[int, int] = {program.input: -1}
    last: dict[int, int] = {program.input: -1}
    for position, call in enumerate(program.calls):
        for buffer in buffers_of(call):
            first.setdefault(buffer, position)
            last[buffer] = position
    last[program.output] = len(program.calls)
    sizes = (-(-buffer.bytes // ALIGNMENT) * ALIGNMENT for buffer in program.buffers)
    return tuple(Lifetime(size, first.get(index, 0), last.get(index, -1)) for index, size in enumerate(sizes))


def lower_bound(items: Sequence[Lifetime]) -> int:
    """Bytes alive at the busiest call."""
    moments = {item.first for item in items}
    return max(sum(item.size for item in items if item.first <= at <= item.last) for at in moments)


def place(items: Sequence[Lifetime], order: Sequence[int]) -> tuple[int, ...]:
    """Offsets when buffers are placed in ``order``, each at the lowest place that is free for its whole life."""
    offsets = [0] * len(items)
    placed: list[int] = []
    for index in order:
        at = 0
        for other in sorted((one for one in placed if items[one].meets(items[index])), key=lambda one: offsets[one]):
            if at + items[index].size <= offsets[other]:
                break
            at = max(at, offsets[other] + items[other].size)
        offsets[index] = at
        placed.append(index)
    return tuple(offsets)


def _height(items: Sequence[Lifetime], offsets: Sequence[int]) -> int:
    return max(offset + item.size for offset, item in zip(offsets, items, strict=True))


def _orders(items: Sequence[Lifetime]) -> "list[list[int]]":
    """Largest first, longest life first, in order of appearance; then fixed shuffles of the first."""
    everything = range(len(items))
    by_size = sorted(everything, key=lambda i: (-items[i].size, i))
    by_life = sorted(everything, key=lambda i: (items[i].first - items[i].last, -items[i].size, i))
    orders = [by_size, by_life, list(everything)]
    source = random.Random(0)
    return orders + [source.sample(by_size, len(by_size)) for _ in range(_SHUFFLES)]


def best_placement(items: Sequence[Lifetime]) -> tuple[int, ...]:
    """Offsets of the lowest among several greedy placements; stops at the lower bound."""
    bound = lower_bound(items)
    best: tuple[int, ...] = ()
    for order in _orders(items):
        offsets = place(items, order)
        if not best or _height(items, offsets) < _height(items, best):
            best = offsets
        if _height(items, best) == bound:
            break
    return best


def plan_memory(program: Program) -> Plan:
    """The smallest arena that :func:`best_placement` finds."""
    items = lifetimes(program)
    best = best_placement(items)
    size = _height(items, best) + ARENA_SLACK
    return Plan(best, -(-size // ARENA_ALIGNMENT) * ARENA_ALIGNMENT, lower_bound(items))

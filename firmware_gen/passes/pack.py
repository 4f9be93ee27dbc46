"""Pack buffers with lifetimes into the least memory: greedy orders first, then an exhaustive search with bounds.

Every packing can be pushed down until each buffer lies at 0 or on one alive with it, and then is what placing buffers
in the order of their offsets gives, each at the lowest free place that is not below the one before. So the search goes
through such orders only. Where it ends, nothing smaller exists; where it runs into its limit, the bound stays what is
alive at the busiest moment. The problem is known as dynamic storage allocation (Garey and Johnson 1979, SR2).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

_SHUFFLES = 200
_COMPARISONS = 40_000_000
"""Of two buffers, at most: a second or two, however many buffers there are."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer for the planner: size in bytes, first and last call that needs it (-1: before the first)."""

    size: int
    first: int
    last: int

    def meets(self, other: "Lifetime") -> bool:
        """Whether both are alive at some call."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Packing:
    """Attributes: ``offsets`` by buffer; ``height`` they take; ``lower_bound``: no packing takes less."""

    offsets: tuple[int, ...]
    height: int
    lower_bound: int


def pack(items: Sequence[Lifetime], comparisons: int = _COMPARISONS) -> Packing:
    """The smallest packing found.

    Args:
        items: the buffers.
        comparisons: how many comparisons of two buffers the exhaustive search may take.
    """
    bound = lower_bound(items)
    best = _greedy(items, bound)
    height = _height(items, best)
    if height > bound:
        search = _Search(items, height, best, comparisons)
        search.run()
        best, height = search.best, search.height
        bound = height if search.finished else bound
    return Packing(best, height, bound)


def lower_bound(items: Sequence[Lifetime]) -> int:
    """Bytes alive at the busiest call."""
    moments = {item.first for item in items}
    return max((sum(item.size for item in items if item.first <= at <= item.last) for at in moments), default=0)


def place(items: Sequence[Lifetime], order: Sequence[int]) -> tuple[int, ...]:
    """Offsets when buffers are placed in ``order``, each at the lowest place that is free for its whole life."""
    offsets = [0] * len(items)
    placed: list[int] = []
    for index in order:
        offsets[index] = _lowest(items, offsets, placed, index, 0)
        placed.append(index)
    return tuple(offsets)


def _lowest(items: Sequence[Lifetime], offsets: Sequence[int], placed: Sequence[int], index: int, start: int) -> int:
    """The lowest free place for a buffer, not below ``start``."""
    at = start
    for other in sorted((one for one in placed if items[one].meets(items[index])), key=lambda one: offsets[one]):
        if at + items[index].size <= offsets[other]:
            break
        at = max(at, offsets[other] + items[other].size)
    return at


def _height(items: Sequence[Lifetime], offsets: Sequence[int]) -> int:
    return max((offset + item.size for offset, item in zip(offsets, items, strict=True)), default=0)


def _greedy(items: Sequence[Lifetime], bound: int) -> tuple[int, ...]:
    """The best of several orders; stops at the bound."""
    best: tuple[int, ...] = ()
    for order in _orders(items):
        offsets = place(items, order)
        if not best or _height(items, offsets) < _height(items, best):
            best = offsets
        if _height(items, best) <= bound:
            break
    return best


def _orders(items: Sequence[Lifetime]) -> list[list[int]]:
    """Largest first, longest life first, in order of appearance; then fixed shuffles of the first."""
    everything = range(len(items))
    by_size = sorted(everything, key=lambda i: (-items[i].size, i))
    by_life = sorted(everything, key=lambda i: (items[i].first - items[i].last, -items[i].size, i))
    orders = [by_size, by_life, list(everything)]
    source = random.Random(0)
    shuffles = min(_SHUFFLES, _COMPARISONS // (len(items) + 1) ** 2)
    return orders + [source.sample(by_size, len(by_size)) for _ in range(shuffles)]


class _Search:
    """Depth first through the orders that the module describes; cut where what is left cannot fit below the best."""

    def __init__(self, items: Sequence[Lifetime], height: int, best: tuple[int, ...], comparisons: int) -> None:
        self.items, self.height, self.best = items, height, best
        self.finished = True
        self._left = comparisons
        self._offsets = [0] * len(items)
        self._moments = sorted({item.first for item in items})
        self._bound = lower_bound(items)

    def run(self) -> None:
        empty = [index for index, item in enumerate(self.items) if item.size == 0 or item.first > item.last]
        self._go([], [index for index in range(len(self.items)) if index not in empty], 0)

    def _go(self, placed: list[int], rest: list[int], level: int) -> None:
        if not rest:
            self.height, self.best = _height(self.items, self._offsets), tuple(self._offsets)
            return
        self._left -= len(rest) * len(placed) + len(self._moments) * len(self.items)
        self.finished = self.finished and self._left > 0
        if not self.finished or self._cannot_fit(placed, rest, level):
            return
        places = sorted((_lowest(self.items, self._offsets, placed, index, level), index) for index in rest)
        lowest_top = min(at + self.items[index].size for at, index in places)
        for at, index in places:
            if at >= lowest_top:
                break  # another buffer fits below, which an order of offsets takes first
            if at + self.items[index].size < self.height and self.height > self._bound:
                self._offsets[index] = at
                self._go([*placed, index], [one for one in rest if one != index], at)
                self._offsets[index] = 0

    def _cannot_fit(self, placed: list[int], rest: list[int], level: int) -> bool:
        """Whether at some moment what lies above ``level``, or is to come, takes more than is left there."""
        for at in self._moments:
            above = sum(self._above(index, level) for index in placed if self._alive(index, at))
            to_come = sum(self.items[index].size for index in rest if self._alive(index, at))
            if to_come and level + above + to_come >= self.height:
                return True
        return False

    def _above(self, index: int, level: int) -> int:
        return max(self._offsets[index] + self.items[index].size - max(self._offsets[index], level), 0)

    def _alive(self, index: int, at: int) -> bool:
        return self.items[index].first <= at <= self.items[index].last

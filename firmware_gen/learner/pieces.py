"""Which regions of a learner lie in which piece of memory: in one, where it has room, or in two."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

LASTING: tuple[str, ...] = ("starts", "counts", "columns", "live")
"""Regions that hold the mask."""
SCRATCHED: tuple[str, ...] = (
    *("values", "velocity", "residual", "received", "activations", "slopes", "order", "shifts", "labels", "samples"),
)
"""Regions that the mask's computation may overwrite."""
SCRATCH: tuple[str, ...] = ("kept", "scratch")
"""What it needs, over those."""
_TOGETHER: tuple[tuple[str, ...], ...] = (
    *(("samples", "labels"), ("order", "shifts"), ("activations", "slopes"), ("received",), ("residual",)),
    *(("counts", "columns"), ("velocity",), ("values",), ("kept",), ("scratch",)),
)
"""What may lie in the second piece; ``starts`` and ``live`` never do."""
_LONG, _WORD = 8, 4


@dataclass(frozen=True)
class Room:
    """Memory that there is for a learner, in bytes.

    Attributes:
        first: of the first piece.
        second: of the second; 0: there is none.
    """

    first: int
    second: int = 0


@dataclass(frozen=True)
class Pieces:
    """Where everything lies.

    Attributes:
        offsets: of each region, through the first piece and on through the second.
        first: bytes of the first piece, a multiple of 8.
        second: bytes of the second.
        scratch: bytes of ``scratch``, which reaches as far as what it lies over.
    """

    offsets: Mapping[str, int]
    first: int
    second: int
    scratch: int

    def excess(self, room: Room) -> int:
        """Bytes that do not fit."""
        return max(self.first - room.first, 0) + max(self.second - room.second, 0)


def place(sizes: Mapping[str, int], room: Room | None) -> Pieces:
    """Put all regions into the first piece, or as little as possible into the second.

    Args:
        sizes: bytes by region; one of 0 bytes lies anywhere.
        room: what there is; None: one piece of any size.

    Returns:
        the placement, which is larger than ``room`` where nothing fits: then the one that lacks least.
    """
    everything = _placed(sizes, frozenset())
    if room is None or everything.excess(room) == 0 or room.second == 0:
        return everything
    candidates = (_placed(sizes, moved) for moved in _choices(sizes))
    return min(candidates, key=lambda pieces: (pieces.excess(room), pieces.second))


def _choices(sizes: Mapping[str, int]) -> Iterator[frozenset[str]]:
    """Every way to move some of the regions that there are."""
    groups = [group for group in _TOGETHER if sizes[group[0]] > 0]
    for chosen in product((False, True), repeat=len(groups)):
        yield frozenset(name for group, moved in zip(groups, chosen, strict=True) if moved for name in group)


def _placed(sizes: Mapping[str, int], moved: Collection[str]) -> Pieces:
    stay = frozenset(name for name in (*LASTING, *SCRATCHED, *SCRATCH) if name not in moved)
    first = _stacked(sizes, stay, 0)
    second = _stacked(sizes, moved, first.end)
    offsets = {**dict.fromkeys(sizes, 0), **first.offsets, **second.offsets}
    end = second.end if "scratch" in moved else first.end
    scratch = end - offsets["scratch"] if sizes["scratch"] else 0
    return Pieces(offsets, first.end, second.end - first.end, scratch)


@dataclass(frozen=True)
class _Stack:
    offsets: Mapping[str, int]
    end: int


def _stacked(sizes: Mapping[str, int], names: Collection[str], start: int) -> _Stack:
    """One piece: the mask, and behind it the other regions with the scratch memory over them."""
    offsets: dict[str, int] = {}
    low = _up(_run(sizes, [name for name in LASTING if name in names], start, _WORD, offsets), _LONG)
    high = _run(sizes, [name for name in SCRATCHED if name in names], low, _WORD, offsets)
    over = _run(sizes, [name for name in SCRATCH if name in names], low, _LONG, offsets)
    return _Stack(offsets, _up(max(high, over), _LONG))


def _run(sizes: Mapping[str, int], names: list[str], at: int, alignment: int, offsets: dict[str, int]) -> int:
    """Place regions one behind the other; returns the end."""
    for name in names:
        if sizes[name] > 0:
            at = _up(at, alignment)
            offsets[name] = at
            at += sizes[name]
    return at


def _up(value: int, to: int) -> int:
    return -(-value // to) * to

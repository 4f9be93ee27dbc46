"""The choice of an encoding for every layer of a model.

- ``speed``: the fewest instructions for each layer.
- ``size``: the fewest bytes of weights, and of the decoders that they need, for the model.
- ``balanced``: the same among choices whose instructions, over all layers, exceed those of ``speed`` by at most
  :data:`BALANCED_EXTRA`; spent where they save most bytes for an instruction.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Literal, get_args

from firmware_gen.encodings import ENCODINGS, Candidate, Encoding

Optimize = Literal["speed", "size", "balanced"]
MODES: tuple[Optimize, ...] = get_args(Optimize)
DEFAULT: Optimize = "balanced"
BALANCED_EXTRA = 0.25

Layers = Sequence[Sequence[Candidate]]


def choose(layers: Layers, optimize: Optimize) -> list[Candidate]:
    """One of each layer's candidates.

    Args:
        layers: candidates by layer, one of every encoding.
        optimize: what matters.
    """
    fastest = _fastest(layers)
    if optimize == "speed":
        return fastest
    budget = None if optimize == "size" else _instructions(fastest) * (1 + BALANCED_EXTRA)
    options = [_smallest(_only(layers, allowed), budget) for allowed in _decoder_sets()]
    within = [one for one in options if budget is None or _instructions(one) <= budget]
    return min(within, key=_flash_bytes, default=fastest)


def _decoder_sets() -> Iterable[tuple[Encoding, ...]]:
    """Every set of encodings with those that all firmware can decode."""
    always = tuple(one for one in ENCODINGS if one.define is None)
    extra = [one for one in ENCODINGS if one.define is not None]
    for count in range(len(extra) + 1):
        for some in combinations(extra, count):
            yield (*always, *some)


def _only(layers: Layers, allowed: tuple[Encoding, ...]) -> Layers:
    return [[one for one in candidates if one.encoding in allowed] for candidates in layers]


def _fastest(layers: Layers) -> list[Candidate]:
    return [min(candidates, key=lambda one: (one.instructions, len(one.data))) for candidates in layers]


def _instructions(choice: Iterable[Candidate]) -> int:
    return sum(one.instructions for one in choice)


def _flash_bytes(choice: Sequence[Candidate]) -> int:
    """Weights and the decoders that not all firmware has."""
    return sum(len(one.data) for one in choice) + sum(one.decoder_bytes for one in {one.encoding for one in choice})


def _smallest(layers: Layers, budget: float | None) -> list[Candidate]:
    """The fewest bytes of weights; with a budget, a greedy walk from the fastest choice."""
    if budget is None:
        return [min(candidates, key=lambda one: (len(one.data), one.instructions)) for candidates in layers]
    choice = _fastest(layers)
    spare = budget - _instructions(choice)
    while True:
        steps = [
            (_bytes_an_instruction(choice[layer], one), layer, number)
            for layer, candidates in enumerate(layers)
            for number, one in enumerate(candidates)
            if len(one.data) < len(choice[layer].data) and one.instructions - choice[layer].instructions <= spare
        ]
        if not steps:
            return choice
        _, layer, number = max(steps, key=lambda step: (step[0], -step[1], -step[2]))
        spare -= layers[layer][number].instructions - choice[layer].instructions
        choice[layer] = layers[layer][number]


def _bytes_an_instruction(now: Candidate, then: Candidate) -> float:
    return (len(now.data) - len(then.data)) / max(then.instructions - now.instructions, 1)

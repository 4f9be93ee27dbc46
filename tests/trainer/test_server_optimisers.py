"""Server optimisers against the papers' equations in float64, over several rounds with changing holders."""

from collections.abc import Callable

import numpy as np
import pytest

from trainer.server_optimisers import SERVER_OPTIMISERS, OptimiserMemory
from trainer.tensors import Masks, Role, TensorSpec, Weights

SPECS = (
    TensorSpec("a/kernel", (4, 3), True),
    TensorSpec("n/gamma", (3,), False, Role.SCALE),
    TensorSpec("n/moving_mean", (3,), False, Role.MEAN),
)
ROUNDS = 6
RATE = 0.25


def rounds(seed: int) -> list[tuple[Masks, Weights]]:
    """For each round what is held, and how far the clients' mean lies from the server's weights."""
    random = np.random.default_rng(seed)
    return [
        (
            (random.random((4, 3)) < 0.6, None, None),
            tuple(random.normal(size=spec.shape).astype(np.float32) for spec in SPECS),
        )
        for _ in range(ROUNDS)
    ]


def run(name: str, rate: float = RATE) -> tuple[Weights, Weights]:
    """The weights at the start and after all rounds."""
    start = weights = tuple(np.full(spec.shape, 0.5, np.float32) for spec in SPECS)
    memory: OptimiserMemory = {"someone/else": (np.ones(2, np.float32),)}
    for held, moves in rounds(0):
        mean = tuple(
            old + (move if mask is None else move * mask) for old, move, mask in zip(weights, moves, held, strict=True)
        )
        weights, update = SERVER_OPTIMISERS.get(name)(SPECS, weights, mean, held, memory, rate=rate)
        memory = {**memory, **update}
    assert all(one.dtype == np.float32 for one in weights)
    assert len(memory["someone/else"][0]) == 2
    return start, weights


def plain(moves: list[float]) -> float:
    return RATE * sum(moves)


def velocity(moves: list[float]) -> float:
    speed = place = 0.0
    for move in moves:
        speed = 0.9 * speed + move
        place += RATE * speed
    return place


def adaptive(moves: list[float]) -> float:
    first = second = place = 0.0
    for move in moves:
        first = 0.9 * first + 0.1 * move
        second = 0.99 * second + 0.01 * move * move
        place += RATE * first / (second**0.5 + 1e-3)
    return place


@pytest.mark.parametrize(("name", "rule"), [("none", plain), ("momentum", velocity), ("adam", adaptive)])
def test_each_element_follows_the_equations_over_the_rounds_in_which_it_is_held(
    name: str, rule: Callable[[list[float]], float]
) -> None:
    start, end = run(name)
    for number in (0, 1):
        for place in np.ndindex(SPECS[number].shape):
            moves = [
                float(move[number][place]) for held, move in rounds(0) if held[number] is None or held[number][place]
            ]
            assert end[number][place] - start[number][place] == pytest.approx(rule(moves), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", SERVER_OPTIMISERS.names)
def test_running_statistics_become_their_mean(name: str) -> None:
    start, end = run(name)
    np.testing.assert_allclose(end[2], start[2] + sum(moves[2] for _, moves in rounds(0)), rtol=1e-5)


@pytest.mark.parametrize("name", SERVER_OPTIMISERS.names)
def test_what_nobody_holds_any_more_stands_still(name: str) -> None:
    """It has been moved before, so a velocity is remembered."""
    optimise = SERVER_OPTIMISERS.get(name)
    weights = tuple(np.zeros(spec.shape, np.float32) for spec in SPECS)
    mean = tuple(np.ones(spec.shape, np.float32) for spec in SPECS)
    everything, nothing = (None, None, None), tuple(np.zeros(spec.shape, np.bool_) for spec in SPECS)
    moved, memory = optimise(SPECS, weights, mean, everything, {}, rate=0.5)
    assert all(tensor.all() for tensor in moved)
    still, later = optimise(SPECS, moved, moved, nothing, memory, rate=0.5)
    assert all(np.array_equal(*row) for row in zip(still, moved, strict=True))
    assert all(np.array_equal(a, b) for key, kept in memory.items() for a, b in zip(kept, later[key], strict=True))


def test_fedavg_takes_the_mean_to_the_last_bit() -> None:
    weights = tuple(np.full(spec.shape, 0.1, np.float32) for spec in SPECS)
    mean = tuple(np.full(spec.shape, 1 / 3, np.float32) for spec in SPECS)
    assert SERVER_OPTIMISERS.get("none")(SPECS, weights, mean, (None,) * 3, {}, rate=1.0)[0] is mean

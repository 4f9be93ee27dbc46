"""Median, trimmed mean and norm clipping against NumPy, element by element, and a client that sends garbage."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tiny_federation import Adding, begin, plan, tiny_network

from trainer.aggregation import AGGREGATORS, Aggregate, HeldWeights, clip_norm, median, sparse_mean, trimmed_mean
from trainer.algorithms import ALGORITHMS
from trainer.tensors import Masks, Role, TensorSpec, Weights

SPECS = (
    TensorSpec("a/kernel", (3, 5), True),
    TensorSpec("a/bias", (5,), False, Role.BIAS),
    TensorSpec("n/moving_variance", (5,), False, Role.VARIANCE),
)
CLIENTS = 11


def random_weights(random: np.random.Generator) -> Weights:
    return tuple(random.normal(size=spec.shape).astype(np.float32) for spec in SPECS)


def some_updates(seed: int) -> tuple[Weights, list[HeldWeights]]:
    random = np.random.default_rng(seed)

    def masks() -> Masks:
        return random.random(SPECS[0].shape) < 0.5, None, random.random(SPECS[2].shape) < 0.3

    updates = [HeldWeights(random_weights(random), masks(), int(random.integers(1, 99))) for _ in range(CLIENTS)]
    return random_weights(random), updates


def by_hand(previous: Weights, updates: list[HeldWeights], of_values: Callable[[list[float]], float]) -> Weights:
    """Element by element, over the values of those who hold it."""
    result = tuple(before.copy() for before in previous)
    for number, tensor in enumerate(result):
        for place in np.ndindex(tensor.shape):
            values = [
                float(update.weights[number][place])
                for update in updates
                if update.masks[number] is None or update.masks[number][place]
            ]
            if values:
                tensor[place] = of_values(sorted(values))
    return result


def middle(values: list[float]) -> float:
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def inner(percent: int) -> Callable[[list[float]], float]:
    def mean(values: list[float]) -> float:
        cut = percent * len(values) // 100
        return sum(values[cut : len(values) - cut]) / (len(values) - 2 * cut)

    return mean


RULES: list[tuple[Aggregate, Callable[[list[float]], float]]] = [
    (median, middle),
    *((trimmed_mean(percent / 100), inner(percent)) for percent in (0, 10, 20, 29, 49)),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rule", range(len(RULES)))
def test_ranks_are_taken_among_the_holders(rule: int, seed: int) -> None:
    aggregate, of_values = RULES[rule]
    previous, updates = some_updates(seed)
    got = aggregate(previous, iter(updates))
    for mine, expected in zip(got, by_hand(previous, updates, of_values), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, expected, rtol=1e-6)


@pytest.mark.parametrize("clients", range(1, 5))
@pytest.mark.parametrize("trim", [0.0, 0.25, 0.3, 0.4999])
def test_at_least_one_value_stays(clients: int, trim: float) -> None:
    updates = [HeldWeights((np.array([float(value)], np.float32),), (None,), 1) for value in range(clients)]
    (got,) = trimmed_mean(trim)((np.array([-9.0], np.float32),), updates)
    assert got[0] == pytest.approx((clients - 1) / 2)


def test_a_share_is_not_rounded_down_by_its_binary_form() -> None:
    """0.29 * 100 is 28.999999999999996; the 29 largest of 100 are wrong."""
    values = [*range(71), *([1000] * 29)]
    updates = [HeldWeights((np.array([float(value)], np.float32),), (None,), 1) for value in values]
    assert trimmed_mean(0.29)((np.zeros(1, np.float32),), updates)[0][0] == np.mean(values[29:71])


@pytest.mark.parametrize("aggregate", [median, trimmed_mean(0.2)])
def test_nobody_changes_nothing(aggregate: Aggregate) -> None:
    previous, updates = some_updates(0)
    assert all(np.array_equal(*row) for row in zip(aggregate(previous, []), previous, strict=True))
    nothing = tuple(np.zeros(spec.shape, np.bool_) for spec in SPECS)
    empty = [replace(update, masks=nothing) for update in updates]
    assert all(np.array_equal(*row) for row in zip(aggregate(previous, empty), previous, strict=True))


@pytest.mark.parametrize("norm", [0.01, 3.0, 4.0, 1e6])
def test_long_updates_are_shortened_to_the_norm(norm: float) -> None:
    """Weights and statistics each for themselves, over what the client holds."""
    previous, updates = some_updates(1)
    seen: list[HeldWeights] = []

    def watch(_: Weights, given: object) -> Weights:
        seen.extend(given)  # type: ignore[call-overload]
        return previous

    clip_norm(watch, norm, SPECS)(previous, updates)
    for clipped, update in zip(seen, updates, strict=True):
        assert clipped.samples == update.samples
        for numbers in ((0, 1), (2,)):
            held = [np.ones(SPECS[n].shape, bool) if update.masks[n] is None else update.masks[n] for n in numbers]
            full = np.concatenate([(update.weights[n] - previous[n])[h] for n, h in zip(numbers, held, strict=True)])
            got = np.concatenate([(clipped.weights[n] - previous[n])[h] for n, h in zip(numbers, held, strict=True)])
            length = np.linalg.norm(full)
            np.testing.assert_allclose(got, full * min(1, norm / max(length, 1e-30)), rtol=1e-4, atol=1e-6)


def test_what_a_client_does_not_hold_does_not_count_for_its_length() -> None:
    previous = (np.zeros((3, 5), np.float32), np.zeros(5, np.float32), np.ones(5, np.float32))
    mask = np.zeros((3, 5), np.bool_)
    mask[0, 0] = True
    weights = (np.full((3, 5), np.nan, np.float32), np.zeros(5, np.float32), np.ones(5, np.float32))
    weights[0][0, 0] = 3.0
    update = HeldWeights(weights, (mask, None, None), 1)
    assert clip_norm(sparse_mean, 3.0, SPECS)(previous, [update])[0][0, 0] == 3.0
    assert clip_norm(sparse_mean, 1.5, SPECS)(previous, [update])[0][0, 0] == 1.5


@pytest.mark.parametrize(
    ("name", "clip", "survives"),
    [("mean", False, False), ("median", False, True), ("trimmed-mean", False, True), ("mean", True, True)],
)
def test_a_client_that_sends_huge_values(name: str, clip: bool, survives: bool) -> None:
    """Clients 0 and 1 move every weight by 1 and 2; client 2 sends the largest floats there are."""
    network = tiny_network()
    state = begin(network, "fedavg")

    def garbage(reply: object) -> dict[str, object]:
        count = len(reply.payload) // 4  # type: ignore[attr-defined]
        return {"payload": np.full(count, np.finfo(np.float32).max, "<f4").tobytes()}

    aggregate = AGGREGATORS.get(name)(0.34)
    values = sum(spec.size for spec in network.specs)
    if clip:
        aggregate = clip_norm(aggregate, 2 * values**0.5, network.specs)
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, Adding({2: garbage}), plan(aggregate=aggregate))
    assert metrics.rejected == ()
    moved = max(float(np.abs(now - old).max()) for now, old in zip(after.weights, state.weights, strict=True))
    assert np.isfinite(moved)
    assert (moved <= 2.01) is survives

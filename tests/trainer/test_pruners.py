"""Scores against direct computations, budgets, and what all pruners share."""

import numpy as np
import pytest
from tiny_federation import CLASSES, tiny_cnn, tiny_dense, tiny_network

from host_bridge.errors import UserError
from trainer.initialisers import initial_weights
from trainer.models.network import Network
from trainer.pruners import PRUNERS, Pruner, prune
from trainer.pruners.budgets import global_budget, uniform_budget
from trainer.pruners.pruner import ScoringContext
from trainer.pruners.synflow import SYNFLOW
from trainer.tensors import Masks, Scores, Weights, all_kept, count_kept, count_prunable

RANDOM = np.random.default_rng


@pytest.fixture(scope="module")
def dense() -> Network:
    return tiny_network(tiny_dense)


def flow_scores(weights: Weights, masks: Masks) -> list[np.ndarray]:
    """SynFlow of a multilayer perceptron, in closed form: |w_ij| * (flow into i) * (flow out of j)."""
    kernels = [
        np.abs(weight.astype(np.float64)) * mask
        for weight, mask in zip(weights, masks, strict=True)
        if mask is not None
    ]
    inward = [np.ones(kernels[0].shape[0])]
    for kernel in kernels:
        inward.append(inward[-1] @ kernel)
    outward = [np.ones(kernels[-1].shape[1])]
    for kernel in reversed(kernels):
        outward.insert(0, kernel @ outward[0])
    return [
        kernel * np.outer(before, after)
        for kernel, before, after in zip(kernels, inward[:-1], outward[1:], strict=True)
    ]


def context(network: Network, weights: Weights, masks: Masks) -> ScoringContext:
    return ScoringContext(network, weights, masks, RANDOM(0))


def test_synflow_scores_are_the_flow_through_each_weight(dense: Network) -> None:
    weights = initial_weights(3, dense.specs)
    biased = tuple(weight if spec.prunable else weight + 1 for weight, spec in zip(weights, dense.specs, strict=True))
    masks = all_kept(dense.specs)
    scores = [score for score in SYNFLOW.prepare(dense)(context(dense, biased, masks)) if score is not None]
    for got, expected in zip(scores, flow_scores(weights, masks), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_synflow_masks_follow_the_exponential_schedule(dense: Network) -> None:
    weights = initial_weights(3, dense.specs)
    masks: Masks = all_kept(dense.specs)
    total = count_prunable(masks)
    for iteration in range(1, 101):
        scores = flow_scores(weights, masks)
        flat = np.concatenate([score.ravel() for score in scores])
        order = np.argsort(-flat, kind="stable")[: round(total * 0.2 ** (iteration / 100))]
        kept = np.isin(np.arange(total), order)
        parts = iter(np.split(kept, np.cumsum([score.size for score in scores])[:-1]))
        masks = tuple(None if mask is None else next(parts).reshape(mask.shape) for mask in masks)
    got = prune(SYNFLOW, dense, weights, 0.8, RANDOM(0))
    for mask, expected in zip(got, masks, strict=True):
        assert (mask is None) == (expected is None)
        assert mask is None or np.array_equal(mask, expected)


def test_synflow_survives_scores_beyond_float32() -> None:
    network = tiny_network(tiny_dense)
    huge = tuple(weight * np.float32(1e20) for weight in initial_weights(1, network.specs))
    scores = SYNFLOW.prepare(network)(context(network, huge, all_kept(network.specs)))
    assert all(np.isfinite(score).all() and score.max() > 1e38 for score in scores if score is not None)


@pytest.mark.parametrize("name", PRUNERS.names)
@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.8])
def test_every_pruner_keeps_exactly_the_share_and_no_bias(name: str, sparsity: float) -> None:
    network = tiny_network(tiny_cnn)
    weights = initial_weights(11, network.specs)
    masks = prune(PRUNERS.get(name), network, weights, sparsity, RANDOM(4))
    assert count_kept(masks) == round((1 - sparsity) * count_prunable(masks))
    assert [mask is None for mask in masks] == [False, True, False, True]
    again = prune(PRUNERS.get(name), network, weights, sparsity, RANDOM(4))
    assert all(a is None or np.array_equal(a, b) for a, b in zip(masks, again, strict=True))


def test_magnitude_keeps_the_largest_of_each_tensor() -> None:
    network = tiny_network(tiny_cnn)
    weights = initial_weights(11, network.specs)
    masks = prune(PRUNERS.get("magnitude"), network, weights, 0.5, RANDOM(0))
    for weight, mask in zip(weights, masks, strict=True):
        if mask is not None:
            assert np.abs(weight[mask]).min() >= np.abs(weight[~mask]).max()


def test_a_pruned_weight_never_comes_back() -> None:
    """Scores that rise for dropped weights must not matter."""
    network = tiny_network(tiny_dense)
    seen: list[Masks] = []

    def score(given: ScoringContext) -> Scores:
        seen.append(given.masks)
        return tuple(None if mask is None else np.where(mask, 0.0, 9.0) for mask in given.masks)

    masks = prune(
        Pruner(lambda _: score, uniform_budget, 3), network, initial_weights(0, network.specs), 0.6, RANDOM(0)
    )
    for before, after in zip([*seen], [*seen[1:], masks], strict=True):
        assert all(b is None or not (a & ~b).any() for a, b in zip(after, before, strict=True))


def test_an_emptied_layer_is_named() -> None:
    network = tiny_network(tiny_dense)

    def score(given: ScoringContext) -> Scores:
        return tuple(None if mask is None else np.full(mask.shape, -float(mask.size)) for mask in given.masks)

    with pytest.raises(UserError, match=r"first/kernel.*--sparsity"):
        prune(Pruner(lambda _: score, global_budget), network, initial_weights(0, network.specs), 0.9, RANDOM(0))


def test_the_global_budget_counts_the_best_wherever_they_are() -> None:
    scores: Scores = (np.array([[9.0, 1.0], [1.0, 8.0]]), None, np.array([7.0, 1.0, 0.0]))
    assert global_budget(scores, 3) == (2, None, 1)
    assert global_budget(scores, 4) == (3, None, 1)
    assert global_budget(scores, 0) == (0, None, 0)
    assert global_budget(scores, 7) == (4, None, 3)


@pytest.mark.parametrize("keep", [0, 1, 5, 40, 59, 60])
def test_the_uniform_budget_adds_up_and_is_within_one_of_the_share(keep: int) -> None:
    scores: Scores = (np.zeros(37), None, np.zeros((4, 5)), np.zeros(3))
    counts = uniform_budget(scores, keep)
    assert counts[1] is None
    assert sum(count for count in counts if count is not None) == keep
    for count, score in zip(counts, scores, strict=True):
        assert count is None or score is None or abs(count - keep * score.size / 60) < 1


def test_biases_are_no_weights(dense: Network) -> None:
    names = [spec.name for spec in dense.specs if spec.prunable]
    assert [name.split("/")[-2:] for name in names] == [["first", "kernel"], ["second", "kernel"], ["third", "kernel"]]
    assert dense.specs[-1].shape == (CLASSES,)

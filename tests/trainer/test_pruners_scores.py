"""Scores against direct computations on tiny networks."""

from dataclasses import replace

import numpy as np
import pytest
from direct_network import (
    KERNELS,
    Arrays,
    gradient,
    outputs,
    placed,
    slopes,
    smooth_network,
    smooth_samples,
    smooth_weights,
    statistics,
)
from tiny_federation import tiny_dense, tiny_network

from trainer.initialisers import initial_weights
from trainer.masks import apply_masks
from trainer.models.network import Network
from trainer.pruners import PRUNERS, gradients, prune, score_once
from trainer.pruners.pruner import ScoringContext
from trainer.tensors import Masks, Scores, Weights, all_kept, count_prunable

RANDOM = np.random.default_rng


@pytest.fixture(scope="module")
def smooth() -> Network:
    return smooth_network()


@pytest.fixture(scope="module")
def dense() -> Network:
    return tiny_network(tiny_dense)


def some_masks(network: Network) -> Masks:
    random = RANDOM(8)
    return tuple(random.random(spec.shape) < 0.6 if spec.prunable else None for spec in network.specs)


def assert_scores(found: Scores, expected: Arrays) -> None:
    """Equal to within float32's share of the largest score."""
    got = [score for score in found if score is not None]
    largest = max(np.abs(score).max() for score in expected)
    assert largest > 0
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * largest)


@pytest.mark.parametrize("masked", [False, True])
def test_snip_is_weight_times_gradient(smooth: Network, masked: bool) -> None:
    x, y = smooth_samples(12)
    weights = smooth_weights()
    masks = some_masks(smooth) if masked else all_kept(smooth.specs)
    left = apply_masks(smooth.specs, weights, masks)
    expected = [np.abs(slope * left[place]) for slope, place in zip(gradient(left, x, y), KERNELS, strict=True)]
    found = score_once(PRUNERS.get("snip"), smooth, weights, masks, random=RANDOM(0), samples=(x, y))
    assert_scores(found, expected)
    found = score_once(PRUNERS.get("iter-snip"), smooth, weights, masks, random=RANDOM(0), samples=(x, y))
    assert_scores(found, expected)


def test_force_multiplies_the_pruned_networks_gradient_with_all_weights(smooth: Network) -> None:
    x, y = smooth_samples(12)
    weights, masks = smooth_weights(), some_masks(smooth)
    slope = gradient(apply_masks(smooth.specs, weights, masks), x, y)
    expected = [np.abs(one * weights[place]) for one, place in zip(slope, KERNELS, strict=True)]
    found = score_once(PRUNERS.get("force"), smooth, weights, masks, random=RANDOM(0), samples=(x, y))
    assert_scores(found, expected)
    dropped = [score[~mask].max() for score, mask in zip(found, masks, strict=True) if score is not None]
    assert min(dropped) > 0


def test_grasp_keeps_what_the_gradients_norm_would_miss(smooth: Network) -> None:
    """-S = w * (H g), with H g as the difference of gradients along g, divided by two steps."""
    x, y = smooth_samples(12)
    weights = smooth_weights()
    kernels = [weights[place].astype(np.float64) for place in KERNELS]
    slope = gradient(weights, x, y, 200.0)
    step = 2e-3 / max(np.abs(one).max() for one in slope)
    ends = [
        slopes_at([k + way * step * g for k, g in zip(kernels, slope, strict=True)], weights, x, y) for way in (1, -1)
    ]
    expected = [kernel * (up - down) / (2 * step) for kernel, up, down in zip(kernels, *ends, strict=True)]
    found = score_once(PRUNERS.get("grasp"), smooth, weights, all_kept(smooth.specs), random=RANDOM(0), samples=(x, y))
    assert_scores(found, expected)
    assert min(score.min() for score in expected) < 0 < max(score.max() for score in expected)


def slopes_at(kernels: Arrays, weights: Weights, x: np.ndarray, y: np.ndarray) -> Arrays:
    from direct_network import loss

    return slopes(lambda at: loss(placed(weights, at), x, y, 200.0), kernels)


def test_grasp_drops_first_what_strengthens_the_flow_when_it_goes(smooth: Network) -> None:
    """The sign, from the definition: the weight of the lowest score leaves the largest squared norm of the gradient."""
    x, y = smooth_samples(12)
    weights = tuple(
        np.float32(0.1) * weight if place in KERNELS else weight for place, weight in enumerate(smooth_weights())
    )
    found = score_once(PRUNERS.get("grasp"), smooth, weights, all_kept(smooth.specs), random=RANDOM(0), samples=(x, y))
    scores = found[KERNELS[1]]
    assert scores is not None
    norms = np.zeros(scores.shape)
    for index in np.ndindex(scores.shape):
        without = [weight.copy() for weight in weights]
        without[KERNELS[1]][index] = 0
        norms[index] = sum(float((slope**2).sum()) for slope in gradient(tuple(without), x, y, 200.0))
    assert np.corrcoef(scores.ravel(), norms.ravel())[0, 1] < -0.8


def test_ntk_sap_is_how_much_a_mask_moves_the_response_to_a_perturbation(smooth: Network) -> None:
    masks = some_masks(smooth)
    found = score_once(PRUNERS.get("ntk-sap"), smooth, smooth_weights(), masks, random=RANDOM(3))
    random = RANDOM(3)
    kernels = [
        random.standard_normal(smooth.specs[place].shape, np.float32) * np.sqrt(2 / fan_in)
        for place, fan_in in zip(KERNELS, (9, 8), strict=True)
    ]
    moved = [k + random.standard_normal(k.shape, np.float32) * 0.01 for k in kernels]
    x = random.standard_normal((32, 4, 4, 1), np.float32)
    start = tuple(np.full(spec.shape, spec.start, np.float32) for spec in smooth.specs)
    kept = [masks[place].astype(np.float64) for place in KERNELS]  # type: ignore[union-attr]
    moments = statistics(placed(start, [k * m for k, m in zip(kernels, kept, strict=True)]), x)

    def response(at: Arrays) -> float:
        ends = [
            outputs(placed(start, [k * m for k, m in zip(one, at, strict=True)]), x, moments)
            for one in (kernels, moved)
        ]
        return float(np.mean(((ends[0] - ends[1]) ** 2).sum(1)))

    expected = [np.abs(slope) for slope in slopes(response, kept, 1e-4)]
    got = [score for score in found if score is not None]
    for one, other in zip(got, expected, strict=True):
        # The response is a difference of nearly equal float32 logits.
        np.testing.assert_allclose(one, other, rtol=0.02, atol=0.01 * max(score.max() for score in expected))


def test_ntk_sap_knows_neither_weights_nor_data(smooth: Network) -> None:
    pruner = replace(PRUNERS.get("ntk-sap"), iterations=2)
    masks = [
        prune(pruner, smooth, smooth_weights(seed), 0.5, random=RANDOM(1), samples=smooth_samples(9, seed))
        for seed in (1, 2)
    ]
    assert all(a is None or np.array_equal(a, b) for a, b in zip(*masks, strict=True))


def test_iterative_snip_follows_its_schedule(smooth: Network) -> None:
    x, y = smooth_samples(12)
    weights, masks = smooth_weights(), all_kept(smooth.specs)
    total = count_prunable(smooth.specs)
    for iteration in range(1, 6):
        left = apply_masks(smooth.specs, weights, masks)
        flat = [np.abs(g * left[place]).ravel() for g, place in zip(gradient(left, x, y), KERNELS, strict=True)]
        alive = np.concatenate([masks[place].ravel() for place in KERNELS])  # type: ignore[union-attr]
        scores = np.where(alive, np.concatenate(flat), -1)
        kept = np.isin(np.arange(total), np.argsort(-scores, kind="stable")[: round(total * 0.3 ** (iteration / 5))])
        parts = iter(np.split(kept, [flat[0].size]))
        masks = tuple(None if mask is None else next(parts).reshape(mask.shape) for mask in masks)
    pruner = replace(PRUNERS.get("iter-snip"), iterations=5)
    found = prune(pruner, smooth, weights, 0.7, random=RANDOM(0), samples=(x, y))
    assert all(a is None or np.array_equal(a, b) for a, b in zip(found, masks, strict=True))


def test_many_samples_are_scored_in_even_chunks(smooth: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "CHUNK", 8)
    x, y = smooth_samples(20)
    parts = [slice(0, 7), slice(7, 14), slice(14, 20)]
    assert [len(part[1]) for part in gradients.chunks((x, y))] == [7, 7, 6]
    weights = smooth_weights()
    means: Arrays = [np.zeros(weights[place].shape) for place in KERNELS]
    for part in parts:
        share = gradient(weights, x[part], y[part])
        means = [mean + slope * len(y[part]) / 20 for mean, slope in zip(means, share, strict=True)]
    expected = [np.abs(mean * weights[place]) for mean, place in zip(means, KERNELS, strict=True)]
    found = score_once(PRUNERS.get("snip"), smooth, weights, all_kept(smooth.specs), random=RANDOM(0), samples=(x, y))
    assert_scores(found, expected)


def test_clients_count_by_samples_not_by_the_size_of_their_scores(smooth: Network) -> None:
    """The mask of several clients is cut from the mean of their normalised scores."""
    weights, batches = smooth_weights(), [smooth_samples(12, 1), smooth_samples(4, 2)]
    batches[1] = (batches[1][0] * np.float32(5), batches[1][1])
    mean = np.zeros(count_prunable(smooth.specs))
    for x, y in batches:
        flat = [np.abs(g * weights[p]).ravel() for g, p in zip(gradient(weights, x, y), KERNELS, strict=True)]
        scores = np.concatenate(flat)
        mean += scores / scores.sum() * len(y) / 16
    kept = np.isin(np.arange(mean.size), np.argsort(-mean, kind="stable")[:14])
    masks = prune(PRUNERS.get("snip"), smooth, weights, 1 - 14 / 42, random=RANDOM(0), samples=batches)
    found = np.concatenate([mask.ravel() for mask in masks if mask is not None])
    np.testing.assert_array_equal(found, kept)


def flow_scores(weights: Weights, masks: Masks) -> Arrays:
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


def test_synflow_scores_are_the_flow_through_each_weight(dense: Network) -> None:
    weights = initial_weights(3, dense.specs)
    biased = tuple(weight if spec.prunable else weight + 1 for weight, spec in zip(weights, dense.specs, strict=True))
    masks = all_kept(dense.specs)
    found = score_once(PRUNERS.get("synflow"), dense, biased, masks, random=RANDOM(0))
    for got, expected in zip([score for score in found if score is not None], flow_scores(weights, masks), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)  # 24 bits


def test_synflow_passes_normalisations_as_they_start(smooth: Network) -> None:
    """Scale 1, offset 0, mean 0, variance 1: the last kernel carries tanh of the flow into it, normalised so."""
    weights = smooth_weights()
    found = score_once(PRUNERS.get("synflow"), smooth, weights, all_kept(smooth.specs), random=RANDOM(0))
    into = np.tanh(np.abs(weights[0].astype(np.float64)).sum((0, 1, 2)) / np.sqrt(1 + 1e-3))
    expected = np.abs(weights[3].astype(np.float64)) * np.tile(into, 4)[:, None]
    np.testing.assert_allclose(found[3], expected, rtol=1e-12)


def test_synflow_masks_follow_the_exponential_schedule(dense: Network) -> None:
    weights = initial_weights(3, dense.specs)
    masks: Masks = all_kept(dense.specs)
    total = count_prunable(dense.specs)
    for iteration in range(1, 101):
        scores = flow_scores(weights, masks)
        flat = np.concatenate([score.ravel() for score in scores])
        order = np.argsort(-flat, kind="stable")[: round(total * 0.2 ** (iteration / 100))]
        kept = np.isin(np.arange(total), order)
        parts = iter(np.split(kept, np.cumsum([score.size for score in scores])[:-1]))
        masks = tuple(None if mask is None else next(parts).reshape(mask.shape) for mask in masks)
    got = prune(PRUNERS.get("synflow"), dense, weights, 0.8, random=RANDOM(0))
    for mask, expected in zip(got, masks, strict=True):
        assert (mask is None) == (expected is None)
        assert mask is None or np.array_equal(mask, expected)


def test_synflow_survives_scores_beyond_float32(dense: Network) -> None:
    huge = tuple(weight * np.float32(1e20) for weight in initial_weights(1, dense.specs))
    context = ScoringContext(dense, huge, all_kept(dense.specs), RANDOM(0))
    scores = PRUNERS.get("synflow").prepare(dense)(context)
    assert all(np.isfinite(score).all() and score.max() > 1e38 for score in scores if score is not None)

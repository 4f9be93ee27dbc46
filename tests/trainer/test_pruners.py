"""What all pruners share: exact masks, budgets, guards."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_federation import CLASSES, SHAPE, tiny_cnn, tiny_dense, tiny_network

from host_bridge.errors import UserError
from trainer.backends import backend
from trainer.initialisers import initial_weights
from trainer.models import MODELS
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, Pruner, prune, score_once
from trainer.pruners.budgets import erk_budget, global_budget, uniform_budget
from trainer.pruners.guards import with_floor
from trainer.pruners.pruner import Samples, Scorer, ScoringContext
from trainer.tensors import Masks, Scores, all_kept, count_kept, count_prunable

RANDOM = np.random.default_rng
NAMES = ("random", "erk", "magnitude", "snip", "iter-snip", "force", "grasp", "synflow", "ntk-sap")


@pytest.fixture(scope="module")
def dense() -> Network:
    return tiny_network(tiny_dense)


@pytest.fixture(scope="module")
def resnet8() -> Network:
    return build_network(MODELS.get("resnet8"), (8, 8, 3), 10)


def some_samples(shape: tuple[int, ...], classes: int, count: int = 12) -> Samples:
    random = RANDOM(6)
    return random.random((count, *shape), np.float32), random.integers(0, classes, count).astype(np.int32)


def same(left: Masks, right: Masks) -> bool:
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in zip(left, right, strict=True))  # type: ignore[arg-type]


def scoring(score: Scorer, budget: Any = global_budget, **options: Any) -> Pruner:
    return Pruner("tested", lambda _: score, budget, **options)


def scores_by(value: Callable[[str, tuple[int, ...]], Any]) -> Scorer:
    def score(given: ScoringContext) -> Scores:
        return tuple(
            np.broadcast_to(np.asarray(value(spec.name.split("/")[-2], spec.shape), np.float64), spec.shape).copy()
            if spec.prunable
            else None
            for spec in given.network.specs
        )

    return score


def test_the_names() -> None:
    assert PRUNERS.names == NAMES
    assert all(PRUNERS.get(name).name == name for name in NAMES)
    assert {name for name in NAMES if PRUNERS.get(name).needs_data} == {"snip", "iter-snip", "force", "grasp"}
    with pytest.raises(UserError, match=", ".join(NAMES)):
        PRUNERS.get("lottery")


@pytest.mark.parametrize("name", NAMES)
def test_every_pruner_keeps_exactly_the_share_and_no_bias(name: str) -> None:
    network = tiny_network(tiny_cnn)
    weights, samples = initial_weights(11, network.specs), some_samples(SHAPE, CLASSES)
    pruner = replace(PRUNERS.get(name), iterations=min(4, PRUNERS.get(name).iterations))
    for sparsity in (0.0, 0.1, 0.5, 0.8):
        masks = prune(pruner, network, weights, sparsity, random=RANDOM(4), samples=samples)
        assert count_kept(network.specs, masks) == round((1 - sparsity) * count_prunable(network.specs))
        assert [mask is None for mask in masks] == [False, True, False, True]
        again = prune(pruner, network, weights, sparsity, random=RANDOM(4), samples=[samples])
        assert same(masks, again)


@pytest.mark.parametrize("name", NAMES)
def test_every_pruner_on_a_residual_network_at_98_percent(
    name: str, resnet8: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few steps and nothing compiled, for time; each of the ten kernels keeps something."""
    monkeypatch.setattr(type(backend()), "compile", lambda _, function: function)
    pruner = replace(PRUNERS.get(name), iterations=min(2, PRUNERS.get(name).iterations))
    weights, samples = initial_weights(3, resnet8.specs), some_samples((8, 8, 3), 10)
    masks = prune(pruner, resnet8, weights, 0.98, random=RANDOM(4), samples=samples)
    assert count_kept(resnet8.specs, masks) == round(0.02 * 77360)
    assert all(mask.any() for mask in masks if mask is not None)
    assert sum(mask is not None for mask in masks) == 10


def test_magnitude_keeps_the_largest_of_each_tensor() -> None:
    network = tiny_network(tiny_cnn)
    weights = initial_weights(11, network.specs)
    masks = prune(PRUNERS.get("magnitude"), network, weights, 0.5, random=RANDOM(0))
    for weight, mask in zip(weights, masks, strict=True):
        if mask is not None:
            assert np.abs(weight[mask]).min() >= np.abs(weight[~mask]).max()


def test_random_masks_differ_by_their_chance_only(dense: Network) -> None:
    weights, other = initial_weights(0, dense.specs), initial_weights(1, dense.specs)
    pruner = PRUNERS.get("erk")
    first = prune(pruner, dense, weights, 0.5, random=RANDOM(1))
    assert same(first, prune(pruner, dense, other, 0.5, random=RANDOM(1)))
    assert not same(first, prune(pruner, dense, weights, 0.5, random=RANDOM(2)))


def test_ties_go_to_the_first(dense: Network) -> None:
    masks = prune(scoring(scores_by(lambda *_: 1.0)), dense, initial_weights(0, dense.specs), 0.5, random=RANDOM(0))
    flat = np.concatenate([mask.ravel() for mask in masks if mask is not None])
    # 162 weights; the last two tensors are repaired with their first weight, which the first tensor gives up.
    expected = np.arange(162) < 79
    expected[[112, 147]] = True
    np.testing.assert_array_equal(flat, expected)


def test_a_pruned_weight_never_comes_back(dense: Network) -> None:
    """Scores that rise for dropped weights must not matter."""
    seen = masks_seen(dense, revives=False)
    for before, after in pairwise(seen):
        assert all(b is None or a is None or not (a & ~b).any() for a, b in zip(after, before, strict=True))


def test_a_pruned_weight_may_come_back_if_the_pruner_says_so(dense: Network) -> None:
    seen = masks_seen(dense, revives=True)
    assert any((a & ~b).any() for a, b in zip(seen[2], seen[1], strict=True) if a is not None and b is not None)


def masks_seen(network: Network, *, revives: bool) -> list[Masks]:
    seen: list[Masks] = []

    def score(given: ScoringContext) -> Scores:
        seen.append(given.masks)
        assert all((w[~m] == 0).all() for w, m in zip(given.weights, given.masks, strict=True) if m is not None)
        assert given.dense is weights
        return tuple(None if mask is None else np.where(mask, 0.0, 9.0) for mask in given.masks)

    weights = initial_weights(0, network.specs)
    last = prune(scoring(score, uniform_budget, iterations=3, revives=revives), network, weights, 0.6, random=RANDOM(0))
    return [*seen, last]


def test_a_collapsed_layer_keeps_its_best_weight(dense: Network) -> None:
    """The second kernel ranks behind all others; what repairs it comes from the tensor that keeps most."""
    best = np.arange(35.0).reshape(7, 5)
    best[3, 2] = 99
    scorer = scores_by(lambda name, _: best - 1e6 if name == "second" else 1.0)
    masks = prune(scoring(scorer), dense, initial_weights(0, dense.specs), 1 - 120 / 162, random=RANDOM(0))
    kept = [mask for mask in masks if mask is not None]
    assert [int(mask.sum()) for mask in kept] == [111, 1, 8]
    assert kept[1][3, 2]


def test_no_path_to_the_logits_is_an_error_that_names_the_layer(dense: Network) -> None:
    def value(name: str, shape: tuple[int, ...]) -> np.ndarray:
        scores = np.zeros(shape)
        scores[(slice(None), 0) if name == "first" else 1] = 1
        return scores

    # The first layer keeps unit 0 only, 16 weights; the second reads unit 1 only.
    with pytest.raises(UserError, match=r"pruner tested at sparsity .* layer second; use a lower --sparsity"):
        prune(scoring(scores_by(value)), dense, initial_weights(0, dense.specs), 1 - 24 / 162, random=RANDOM(0))


def test_layers_that_cannot_be_followed_are_not_checked() -> None:
    def builder(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
        source = layers.Input(input_shape)
        x = layers.LayerNormalization(name="norm")(layers.Flatten(name="flatten")(source))
        return source, layers.Dense(classes, name="logits")(x)

    network = build_network(builder, SHAPE, CLASSES)
    masks = prune(PRUNERS.get("random"), network, initial_weights(0, network.specs), 0.9, random=RANDOM(0))
    assert count_kept(network.specs, masks) == round(0.1 * 48)


def test_too_few_weights_for_every_layer_are_an_error(dense: Network) -> None:
    weights = initial_weights(0, dense.specs)
    with pytest.raises(UserError, match=r"pruner magnitude may keep 2 weights of 3 layers.*--sparsity"):
        prune(PRUNERS.get("magnitude"), dense, weights, 0.99, random=RANDOM(0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_named(dense: Network, bad: float) -> None:
    pruner = scoring(scores_by(lambda name, _: bad if name == "second" else 1.0))
    weights = initial_weights(0, dense.specs)
    with pytest.raises(UserError, match=r"pruner tested found scores of .*second/kernel"):
        prune(pruner, dense, weights, 0.5, random=RANDOM(0))
    with pytest.raises(UserError, match=r"pruner tested found scores of .*second/kernel"):
        score_once(pruner, dense, weights, all_kept(dense.specs), random=RANDOM(0))


def test_a_pruner_that_needs_samples_says_so(dense: Network) -> None:
    for samples in (None, [], some_samples(SHAPE, CLASSES, 0)):
        with pytest.raises(ValueError, match="samples"):
            prune(PRUNERS.get("snip"), dense, initial_weights(0, dense.specs), 0.5, random=RANDOM(0), samples=samples)


def test_the_global_budget_counts_the_best_wherever_they_are() -> None:
    scores: Scores = (np.array([[9.0, 1.0], [1.0, 8.0]]), None, np.array([7.0, 1.0, 0.0]))
    assert global_budget(scores, 3) == (2, None, 1)
    assert global_budget(scores, 4) == (3, None, 1)
    assert global_budget(scores, 0) == (0, None, 0)
    assert global_budget(scores, 7) == (4, None, 3)
    # Minus infinity marks what is dropped already; equals go to the first.
    scores = (np.array([-np.inf, 2.0, 2.0]), np.array([2.0, -np.inf, 5.0]))
    assert [global_budget(scores, keep) for keep in (2, 3, 4, 5)] == [(1, 1), (2, 1), (2, 2), (3, 2)]


@pytest.mark.parametrize("keep", [0, 1, 5, 40, 59, 60])
def test_the_uniform_budget_adds_up_and_is_within_one_of_the_share(keep: int) -> None:
    scores: Scores = (np.zeros(37), None, np.zeros((4, 5)), np.zeros(3))
    counts = uniform_budget(scores, keep)
    assert counts[1] is None
    assert sum(count for count in counts if count is not None) == keep
    for count, score in zip(counts, scores, strict=True):
        assert count is None or score is None or abs(count - keep * score.size / 60) < 1


def test_the_erk_budget_follows_dimensions() -> None:
    """3x3x1x4, 16x7 and 7x5: sums 11, 23 and 12 share 46 kept weights in proportion, none needs rounding."""
    scores: Scores = (np.zeros((3, 3, 1, 4)), np.zeros((16, 7)), None, np.zeros((7, 5)))
    assert erk_budget(scores, 46) == (11, 23, None, 12)
    # At 142 the last would get 37: it is full, and the others share 107 as 34.6 and 72.4.
    assert erk_budget(scores, 142) == (35, 72, None, 35)


@given(
    shapes=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple), min_size=1, max_size=6),
    share=st.floats(0, 1),
)
def test_the_erk_budget_adds_up_and_no_tensor_keeps_more_than_it_has(shapes: list[Any], share: float) -> None:
    scores = tuple(np.zeros(shape) for shape in shapes)
    keep = round(share * sum(score.size for score in scores))
    counts = erk_budget(scores, keep)
    assert sum(count for count in counts if count is not None) == keep
    assert all(0 <= count <= score.size for count, score in zip(counts, scores, strict=True) if count is not None)


def test_the_floor_is_paid_by_the_largest() -> None:
    assert with_floor((5, None, 0, 7, 0)) == (5, None, 1, 5, 1)
    assert with_floor((1, 0, 2)) == (1, 1, 1)
    assert with_floor((4, None, 1)) == (4, None, 1)


def test_biases_are_no_weights(dense: Network) -> None:
    names = [spec.name for spec in dense.specs if spec.prunable]
    assert [name.split("/")[-2:] for name in names] == [["first", "kernel"], ["second", "kernel"], ["third", "kernel"]]
    assert dense.specs[-1].shape == (CLASSES,)

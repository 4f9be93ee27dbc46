"""Structured pruners: scores of channels against direct computations, exact budgets, what all of them share."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from channel_networks import NAMES, make
from direct_network import loss, placed, smooth_network, smooth_samples, smooth_weights
from tiny_federation import tiny_dense, tiny_network

from host_bridge.errors import UserError
from trainer.backends import backend
from trainer.channels import channel_groups, shrink
from trainer.choices import check_pruner
from trainer.initialisers import initial_weights
from trainer.initialisers.he_uniform import he_uniform_step
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, STRUCTURED_PRUNERS, StructuredPruner, prune, prune_channels
from trainer.pruners.structured import precrop
from trainer.pruners.structured.cut import FLOOR, cut, fill
from trainer.pruners.structured.plan import ChannelPlan, plan_channels
from trainer.pruners.structured.pruner import ChannelContext, ChannelScores
from trainer.tensors import Bool, Weights, count_prunable

RANDOM = np.random.default_rng


def residual(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.Conv2D(3, 1, use_bias=False, name="stem")(source)
    y = layers.Conv2D(4, 1, use_bias=False, activation="relu", name="inner")(x)
    y = layers.Conv2D(3, 1, use_bias=False, name="outer")(y)
    x = layers.GlobalAveragePooling2D(name="pool")(layers.Add(name="sum")([x, y]))
    return source, layers.Dense(classes, use_bias=False, name="logits")(x)


@pytest.fixture(scope="module")
def residual_network() -> Network:
    return build_network(residual, (2, 2, 2), 3)


@pytest.fixture(scope="module")
def resnet8() -> Network:
    return make("resnet8")


def context(network: Network, weights: Weights, **options: Any) -> ChannelContext:
    plan = plan_channels(network)
    kept = np.ones(plan.classes, np.bool_)
    return ChannelContext(network, plan, weights, kept, options.pop("sparsity", 0.5), RANDOM(0), **options)


def of_group(given: ChannelContext, scores: ChannelScores, name: str) -> np.ndarray:
    (group,) = (group for group in given.plan.groups if group.id == name)
    return scores[group.classes]


def scoring(values: np.ndarray) -> StructuredPruner:
    return StructuredPruner("tested", lambda _: lambda _: values)


def test_both_registries_are_choices() -> None:
    assert STRUCTURED_PRUNERS.names == ("channel-snip", "channel-synflow", "precrop")
    assert all(check_pruner(name) == name for name in (*PRUNERS.names, *STRUCTURED_PRUNERS.names))
    with pytest.raises(
        UserError, match=r"unknown pruner 'taylor'; choose from: random, .*ntk-sap, channel-snip, .*precrop"
    ):
        check_pruner("taylor")


def test_channel_snip_is_the_slope_of_a_gate_behind_the_activation() -> None:
    """The last kernel reads four positions of two channels; a gate scales what it reads of one channel."""
    network, weights, samples = smooth_network(), smooth_weights(), smooth_samples(12)
    given = context(network, weights, samples=samples)
    found = of_group(given, STRUCTURED_PRUNERS.get("channel-snip").prepare(network)(given), "conv")
    for channel in (0, 1):
        ends = []
        for gate in (1 + 1e-5, 1 - 1e-5):
            kernel = weights[3].astype(np.float64)
            kernel[channel::2] *= gate
            ends.append(loss(placed(weights, [weights[0].astype(np.float64), kernel]), *samples))
        np.testing.assert_allclose(found[channel], abs(ends[0] - ends[1]) / 2e-5, rtol=1e-3)


def dense_flow(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flow through the units of both hidden layers of ``tiny_dense``, by hand."""
    first, second, third = np.abs(first), np.abs(second), np.abs(third)
    return first.sum(0) * (second @ third.sum(1)), (first.sum(0) @ second) * third.sum(1)


def test_channel_synflow_is_the_flow_through_the_unit() -> None:
    """Up to what docs/synflow.md rounds away."""
    network = tiny_network(tiny_dense)
    weights = initial_weights(3, network.specs)
    given = context(network, weights)
    scores = STRUCTURED_PRUNERS.get("channel-synflow").prepare(network)(given)
    kernels = [weights[place].astype(np.float64) for place in (0, 2, 4)]
    for name, expected in zip(("first", "second"), dense_flow(*kernels), strict=True):
        np.testing.assert_allclose(of_group(given, scores, name), expected, rtol=1e-6)


def test_channel_synflow_is_exact_where_nothing_is_rounded() -> None:
    """Weights of a few odd steps: every sum stays below 2^24."""
    network, random = tiny_network(tiny_dense), np.random.default_rng(4)
    steps = [float(he_uniform_step(spec.fan_in)) if spec.prunable else 0.0 for spec in network.specs]
    exact = [
        step * (2 * random.integers(-8, 8, spec.shape) + 1) for step, spec in zip(steps, network.specs, strict=True)
    ]
    given = context(network, tuple(weight.astype(np.float32) for weight in exact))
    scores = STRUCTURED_PRUNERS.get("channel-synflow").prepare(network)(given)
    for name, expected in zip(("first", "second"), dense_flow(exact[0], exact[2], exact[4]), strict=True):
        np.testing.assert_allclose(of_group(given, scores, name), expected, rtol=1e-13)


def test_a_channel_of_a_residual_stream_has_several_readers(residual_network: Network) -> None:
    """The flow of ones through a sum, by hand: the branch reads the stem's channels, the logits read the sum."""
    weights = initial_weights(5, residual_network.specs)
    given = context(residual_network, weights)
    scores = STRUCTURED_PRUNERS.get("channel-synflow").prepare(residual_network)(given)
    stem, inner, outer, logits = (np.abs(weight.astype(np.float64)).squeeze() for weight in weights)
    made = stem.sum(0)
    hidden = made @ inner
    summed = made + hidden @ outer
    after = logits.sum(1)
    np.testing.assert_allclose(of_group(given, scores, "inner"), hidden * (outer @ after), rtol=1e-12)
    np.testing.assert_allclose(
        of_group(given, scores, "stem"), made * (inner @ outer @ after) + summed * after, rtol=1e-12
    )


def test_precrop_keeps_the_first_channels_in_proportion_to_the_root_of_synflows_density() -> None:
    network = tiny_network(tiny_dense)
    weights = initial_weights(3, network.specs)
    masks = prune(PRUNERS.get("synflow"), network, weights, 0.7, random=RANDOM(0))
    given = context(network, weights, sparsity=0.7)
    scores = STRUCTURED_PRUNERS.get("precrop").prepare(network)(given)
    for name, place, channels in (("first", 0, 7), ("second", 2, 5)):
        mask = masks[place]
        assert mask is not None
        share = np.sqrt(mask.mean())
        np.testing.assert_allclose(
            of_group(given, scores, name), [share * channels / number for number in range(1, channels + 1)]
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_count_of_weights_is_that_of_the_smaller_network(name: str) -> None:
    network = make(name)
    plan = plan_channels(network)
    kept = ~plan.free() | (RANDOM(7).random(plan.classes) < 0.5)
    for group in plan.groups:
        kept[group.classes[0]] = True
    assert plan.kept_weights(kept) == count_prunable(shrink(network, plan.keep(kept)).network.specs)
    assert plan.kept_weights(np.ones(plan.classes, np.bool_)) == count_prunable(network.specs)


@pytest.mark.parametrize("name", STRUCTURED_PRUNERS.names)
def test_the_smaller_network_fits_the_budget_and_no_further_channel_does(
    name: str, resnet8: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few steps and nothing compiled, for time."""
    monkeypatch.setattr(type(backend()), "compile", lambda _, function: function)
    monkeypatch.setattr(precrop, "SYNFLOW", replace(precrop.SYNFLOW, iterations=5))
    pruner = replace(STRUCTURED_PRUNERS.get(name), iterations=min(3, STRUCTURED_PRUNERS.get(name).iterations))
    random = RANDOM(1)
    x, y = random.random((8, 16, 16, 3), np.float32), random.integers(0, 5, 8).astype(np.int32)
    keep = prune_channels(
        pruner, resnet8, initial_weights(2, resnet8.specs), 0.95, random=RANDOM(0), samples=[(x, y), (x[:3], y[:3])]
    )
    groups = {group.id: group for group in channel_groups(resnet8) if group.prunable}
    assert set(keep) == set(groups)
    budget = 0.05 * count_prunable(resnet8.specs)
    assert 0.9 * budget < count_prunable(shrink(resnet8, keep).network.specs) <= budget
    assert all(channels.sum() >= FLOOR for channels in keep.values())
    plan = plan_channels(resnet8)
    for group in groups.values():
        # What an earlier step dropped has no score any more that could bring it back.
        if pruner.iterations == 1 and not keep[group.id].all():
            assert plan.kept_weights(_classes(plan, keep, group.id)) > budget
    if name == "precrop":
        assert all(not channels[int(channels.sum()) :].any() for channels in keep.values())


def _classes(plan: ChannelPlan, keep: dict[str, Bool], more: str) -> Bool:
    """The classes that are kept, and one more of a group."""
    kept = ~plan.free()
    for group in plan.groups:
        if group.prunable:
            channels = keep[group.id].copy()
            channels[np.flatnonzero(~channels)[:1]] |= group.id == more
            kept[group.classes[channels]] = True
    return kept


@pytest.mark.parametrize("seed", range(4))
def test_bisection_finds_what_trying_every_length_finds(residual_network: Network, seed: int) -> None:
    plan = plan_channels(residual_network)
    scores = RANDOM(seed).integers(0, 4, plan.classes).astype(np.float64)
    budget = int(RANDOM(seed).integers(22, 39))
    everything = np.ones(plan.classes, np.bool_)
    floor = ~plan.free()
    for group in plan.groups:
        if group.prunable:
            ranked = sorted(group.classes.tolist(), key=lambda channel: (-scores[channel], channel))
            floor[ranked[:FLOOR]] = True
    best = floor
    rest = sorted(np.flatnonzero(~floor).tolist(), key=lambda channel: (-scores[channel], channel))
    for length in range(len(rest) + 1):
        longer = floor.copy()
        longer[rest[:length]] = True
        best = longer if plan.kept_weights(longer) <= budget else best
    np.testing.assert_array_equal(cut(plan, scores, everything, budget), best)
    filled = fill(plan, scores, best, budget)
    assert (filled | ~best).all()
    assert plan.kept_weights(filled) <= budget


def test_a_dropped_channel_never_comes_back(residual_network: Network) -> None:
    seen: list[Bool] = []

    def score(given: ChannelContext) -> ChannelScores:
        seen.append(given.kept)
        for reader in given.plan.readers:
            weight = given.weights[reader.tensor].reshape(-1, len(reader.inputs), len(reader.outputs))
            assert (weight[:, ~given.kept[reader.inputs]] == 0).all()
            assert (weight[:, :, ~given.kept[reader.outputs]] == 0).all()
        return np.where(given.kept, 0.0, 9.0)

    pruner = StructuredPruner("tested", lambda _: score, iterations=3)
    weights = initial_weights(0, residual_network.specs)
    keep = prune_channels(pruner, residual_network, weights, 0.5, random=RANDOM(0))
    assert [int(kept.sum()) for kept in seen] == sorted((int(kept.sum()) for kept in seen), reverse=True)
    assert not seen[2].all()
    plan = plan_channels(residual_network)
    for group in plan.groups:
        assert not group.prunable or not (keep[group.id] & ~seen[2][group.classes]).any()


def test_a_sparsity_out_of_reach_is_an_error_that_says_what_can_be_had(residual_network: Network) -> None:
    """39 weights in all; with two channels in each layer 4 + 4 + 4 + 6 = 18 are left."""
    weights = initial_weights(0, residual_network.specs)
    pruner = STRUCTURED_PRUNERS.get("channel-synflow")
    with pytest.raises(UserError, match=r"cannot reach sparsity 0.9: .* 18 of 39 weights.*--sparsity 0.5384 or less"):
        prune_channels(pruner, residual_network, weights, 0.9, random=RANDOM(0))
    keep = prune_channels(pruner, residual_network, weights, 0.5384, random=RANDOM(0))
    assert [int(channels.sum()) for channels in keep.values()] == [2, 2]


def test_what_cannot_be_scored_is_an_error(residual_network: Network) -> None:
    weights = initial_weights(0, residual_network.specs)
    plan = plan_channels(residual_network)
    with pytest.raises(UserError, match="pruner tested found scores of channels"):
        prune_channels(scoring(np.full(plan.classes, np.nan)), residual_network, weights, 0.3, random=RANDOM(0))
    with pytest.raises(ValueError, match="samples"):
        prune_channels(STRUCTURED_PRUNERS.get("channel-snip"), residual_network, weights, 0.3, random=RANDOM(0))


def test_ties_go_to_the_first_channels(residual_network: Network) -> None:
    plan = plan_channels(residual_network)
    keep = prune_channels(
        scoring(np.ones(plan.classes)),
        residual_network,
        initial_weights(0, residual_network.specs),
        1 - 30 / 39,
        random=RANDOM(0),
    )
    # The stem's third channel comes first: 6 + 6 + 6 + 9 = 27 weights; a third inner channel would make it 33.
    assert [channels.tolist() for channels in keep.values()] == [[True] * 3, [True, True, False, False]]

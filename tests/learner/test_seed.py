"""Masks and initial values that a learner finds by itself, against the trainer's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from learner_c import ARGUMENT, CAPACITY, COLLAPSED, STATE, STOPPED, HostLearner, LearnerError
from learner_cases import CLASSES, SHAPE, network, purpose

from firmware_gen.learner import BakedMask, plan_learner
from host_bridge.errors import UserError
from trainer.channels import complete_masks
from trainer.initialisers import initial_weights, rescale_survivors
from trainer.learner_export import describe
from trainer.masks import fingerprint
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, prune, synflow
from trainer.pruners.pruner import ScoringContext
from trainer.tensors import Masks, all_kept, count_prunable
from trainer.values import pack_values

SEEDS = (1, 2**63 + 5)


def host_masks(net: Network, seed: int, sparsity: float) -> Masks:
    weights = initial_weights(seed, net.specs)
    masks = prune(PRUNERS.get("synflow"), net, weights, sparsity, random=np.random.default_rng(0))
    return complete_masks(net, masks)


def schedule(net: Network, sparsity: float, iterations: int = 100) -> list[int]:
    total = count_prunable(net.specs)
    return [round(total * (1 - sparsity) ** (step / iterations)) for step in range(1, iterations + 1)]


def seeded(net: Network, folder: Path, **given: object) -> HostLearner:
    description = describe(net, "case")
    return HostLearner.build(description, plan_learner(description, purpose(3, seeded=True, **given)), folder)


@pytest.mark.parametrize("sparsity", [0.3, 0.9])
@pytest.mark.parametrize("name", ["plain", "depthwise"])
def test_the_mask_and_the_values_are_the_hosts(tmp_path: Path, name: str, sparsity: float) -> None:
    net = network(name)
    learner = seeded(net, tmp_path)
    for seed in SEEDS:
        masks = host_masks(net, seed, sparsity)
        learner.seed(seed, schedule(net, sparsity))
        assert learner.fingerprint == fingerprint(masks)
        weights = rescale_survivors(net.specs, initial_weights(seed, net.specs), masks)
        np.testing.assert_array_equal(learner.values, pack_values(weights, masks))


def wide(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(shape)
    x = layers.Flatten(name="flatten")(source)
    x = layers.Dense(700, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)


def test_many_weights_more_than_the_list_of_candidates_holds(tmp_path: Path) -> None:
    net = build_network(wide, SHAPE, CLASSES)
    learner = seeded(net, tmp_path)
    for keep, iterations in ((0.5, 1), (0.05, 7)):
        pruner = PRUNERS.get("synflow")
        weights = initial_weights(3, net.specs)

        masks = prune(replace(pruner, iterations=iterations), net, weights, 1 - keep, random=np.random.default_rng(0))
        learner.seed(3, schedule(net, 1 - keep, iterations))
        assert learner.fingerprint == fingerprint(complete_masks(net, masks))


def test_requests_that_cannot_be_met(tmp_path: Path) -> None:
    net = network("plain")
    total = count_prunable(net.specs)
    learner = seeded(net, tmp_path)
    for keep, status in (([0], ARGUMENT), ([total + 1], ARGUMENT), ([20, 21], ARGUMENT), ([3], COLLAPSED)):
        with pytest.raises(LearnerError) as error:
            learner.seed(1, keep)
        assert error.value.status == status
        assert learner.count == 0
        assert learner.values is None
    with pytest.raises(LearnerError) as error:
        learner.seed(1, [total // 2, total // 4], lambda done, _: done < 1)
    assert error.value.status == STOPPED
    learner.seed(1, [total // 2])
    assert learner.count >= total // 2


def test_a_mask_that_the_plan_has_no_room_for(tmp_path: Path) -> None:
    net = network("plain")
    learner = seeded(net, tmp_path, values=100)
    with pytest.raises(LearnerError) as error:
        learner.seed(1, [count_prunable(net.specs) // 2])
    assert error.value.status == CAPACITY


def test_a_baked_mask_is_not_replaced(tmp_path: Path) -> None:
    net = network("plain")
    masks = host_masks(net, 1, 0.5)
    description = describe(net, "case")
    baked = BakedMask.of(description, masks, fingerprint(masks))
    learner = HostLearner.build(description, plan_learner(description, purpose(3), baked), tmp_path, baked)
    with pytest.raises(LearnerError) as error:
        learner.seed(1, [100])
    assert error.value.status == STATE
    learner.draw(7)
    weights = rescale_survivors(net.specs, initial_weights(7, net.specs), masks)
    np.testing.assert_array_equal(learner.values, pack_values(weights, masks))
    learner.draw(7, rescale=False)
    plain = [
        weight if mask is None else np.where(mask, weight, 0)
        for weight, mask in zip(initial_weights(7, net.specs), masks, strict=True)
    ]
    np.testing.assert_array_equal(learner.values, pack_values(tuple(plain), masks))


def test_branches_are_refused_before_anything_is_planned() -> None:
    with pytest.raises(UserError, match="add"):
        plan_learner(describe(network("residual"), "case"), purpose(3, seeded=True))


@pytest.mark.parametrize("name", ["plain", "depthwise"])
def test_whole_flows_are_the_flows_of_floats(name: str) -> None:
    """Against R differentiated by the framework in float64; ReLU6, which whole flows pass, is none of these."""
    net = network(name) if name == "plain" else build_network(without_ceiling, SHAPE, CLASSES)
    weights = initial_weights(2, net.specs)
    masks = all_kept(net.specs)
    context = ScoringContext(net, weights, masks, np.random.default_rng(0), dense=weights)
    for one, other in zip(synflow.prepare(net)(context), synflow.prepare_floats(net)(context), strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_allclose(one, other, rtol=2e-6)


def without_ceiling(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(shape)
    x = layers.Conv2D(5, (3, 2), strides=(2, 1), padding="same", use_bias=False, name="conv1")(source)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, name="depthwise")(x)
    x = layers.ReLU(name="relu2")(x)
    x = layers.AveragePooling2D(2, strides=1, padding="same", name="pool")(x)
    x = layers.MaxPooling2D(2, strides=1, name="most")(x)
    x = layers.Flatten(name="flatten")(x)
    return source, layers.Dense(classes, name="logits")(x)

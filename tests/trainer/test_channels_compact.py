"""A compact network against the masked full one: logits, training steps, statistics, packed values."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from channel_networks import CLASSES, NAMES, make, random_masks, random_weights, sgd_step
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import Program, programs

from host_bridge.errors import UserError
from trainer.channels import Compaction, compact
from trainer.models.network import Network, build_keras, build_network
from trainer.tensors import Masks, Weights, all_kept
from trainer.values import pack_values

TOLERANCE = {"rtol": 1e-9, "atol": 1e-10}


def connected_masks(network: Network, density: float) -> tuple[Masks, Compaction]:
    """The first random masks under which anything reaches the logits."""
    for seed in range(50):
        masks = random_masks(network, density, seed)
        try:
            return masks, compact(network, masks)
        except UserError:
            continue
    raise AssertionError(f"no connected masks of density {density}")


def samples(network: Network, count: int = 6) -> np.ndarray:
    return np.random.default_rng(9).normal(0, 1, (count, *network.input_shape)).astype(np.float32)


def double(network: Network) -> Network:
    """The same network in double precision, in which rounding cannot hide behind a tolerance, nor an error."""
    return replace(network, model=build_keras(network.builder, network.input_shape, network.classes, "float64"))


def assert_same_network(network: Network, compaction: Compaction) -> Weights:
    """Logits, two steps (deep networks: one) and the values in between; returns the full weights compared."""
    full_masks, x = compaction.full_masks, samples(network).astype(np.float64)
    y = np.arange(len(x)) % network.classes
    start: Any = tuple(weight.astype(np.float64) for weight in random_weights(network, full_masks, seed=3))
    full = start
    small = compaction.take(full)
    large_net, small_net = double(network), double(compaction.network)
    np.testing.assert_allclose(small_net.logits(small, x), large_net.logits(full, x), **TOLERANCE)
    for _ in range(2 if len(network.specs) < 30 else 1):
        full = sgd_step(large_net, full, full_masks, x, y)
        small = sgd_step(small_net, small, compaction.masks, x, y)
    for spec, ours, theirs in zip(network.specs, small, compaction.take(full), strict=True):
        np.testing.assert_allclose(ours, theirs, **TOLERANCE, err_msg=spec.name)
    for spec, restored, after in zip(network.specs, compaction.put(compaction.take(full), start), full, strict=True):
        np.testing.assert_array_equal(restored, after, f"{spec.name}: a removed weight learned something")
    return start


@pytest.mark.parametrize(
    ("name", "density"), [(name, 0.04) for name in NAMES] + [("concatenated", 0.1), ("flattened", 0.1), ("gated", 0.1)]
)
def test_the_compact_network_is_the_masked_one(name: str, density: float) -> None:
    network = make(name)
    masks, compaction = connected_masks(network, density)
    full = assert_same_network(network, compaction)
    packed = pack_values(full, compaction.full_masks)
    small = pack_values(compaction.take(full), compaction.masks)
    np.testing.assert_array_equal(small, packed[compaction.value_positions])
    assert compaction.value_positions.dtype == np.int32
    assert (np.diff(compaction.value_positions) > 0).all()
    sizes = [sum(spec.size for spec in specs) for specs in (compaction.specs, compaction.network.specs)]
    assert sizes[1] < sizes[0] or density > 0.05
    for before, after in zip(masks, compaction.full_masks, strict=True):
        assert before is None or after is before


@pytest.mark.parametrize("name", ["resnet8", "flattened"])
def test_in_single_precision_the_logits_are_equal_up_to_rounding(name: str) -> None:
    network = make(name)
    _, compaction = connected_masks(network, 0.05)
    full = random_weights(network, compaction.full_masks, seed=3)
    x = samples(network)
    logits = np.asarray(network.logits(full, x))
    np.testing.assert_allclose(compaction.network.logits(compaction.take(full), x), logits, rtol=1e-4, atol=1e-5)
    assert np.ptp(logits, axis=0).max() > 0.01, "the input does not matter: nothing was tested"


def test_without_dead_channels_nothing_changes() -> None:
    network = make("concatenated")
    compaction = compact(network, all_kept(network.specs))
    assert compaction.network.specs == network.specs
    weights = random_weights(network, compaction.full_masks, seed=1)
    for before, after in zip(weights, compaction.take(weights), strict=True):
        np.testing.assert_array_equal(before, after)


def test_put_leaves_what_was_removed() -> None:
    network = make("lenet5")
    _, compaction = connected_masks(network, 0.03)
    ones = tuple(np.ones(spec.shape, np.float32) for spec in compaction.network.specs)
    twos = tuple(np.full(spec.shape, 2, np.float32) for spec in network.specs)
    merged = compaction.put(ones, twos)
    assert sum(int((weight == 1).sum()) for weight in merged) == sum(weight.size for weight in ones)
    assert all(set(np.unique(weight)) <= {1, 2} for weight in merged)
    assert all((weight == 2).all() for weight in twos)
    for weight in compaction.take(merged):
        assert (weight == 1).all()


def test_a_dead_branch_keeps_a_channel_and_the_stream_lives() -> None:
    network = make("resnet8")
    masks = list(all_kept(network.specs))
    position = [spec.name for spec in network.specs].index("stack2_conv1/kernel")
    masks[position] = np.zeros(network.specs[position].shape, np.bool_)
    compaction = compact(network, tuple(masks))
    assert compaction.network.specs[position].shape == (3, 3, 16, 1)
    assert_same_network(network, compaction)


def test_a_layer_without_weights_cuts_the_network() -> None:
    network = make("vgg19")
    masks = list(all_kept(network.specs))
    position = [spec.name for spec in network.specs].index("stage3_conv2/kernel")
    masks[position] = np.zeros(network.specs[position].shape, np.bool_)
    with pytest.raises(UserError, match="through layer stage3_conv2; use a lower --sparsity"):
        compact(network, tuple(masks))


def test_the_compact_builder_serves_tf_keras_too() -> None:
    import tf_keras

    network = make("concatenated")
    _, compaction = connected_masks(network, 0.1)
    small = compaction.network
    weights = compaction.take(random_weights(network, compaction.full_masks, seed=3))
    other = tf_keras.Model(*small.builder(tf_keras.layers, small.input_shape, small.classes))
    by_name = {variable.name.removesuffix(":0"): variable for variable in other.weights}
    for spec, weight in zip(small.specs, weights, strict=True):
        by_name[spec.name].assign(weight)
    np.testing.assert_allclose(other(samples(small)), small.logits(weights, samples(small)), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="a graph of"):
        small.builder(keras.layers, (9, 9, 2), CLASSES)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(program=programs(), density=st.sampled_from([0.05, 0.15, 0.4]), seed=st.integers(0, 99))
def test_random_graphs(program: Program, density: float, seed: int) -> None:
    network = build_network(program, (6, 5, 2), CLASSES)
    try:
        compaction = compact(network, random_masks(network, density, seed))
    except UserError as error:
        assert "no kept weight leads from the input" in str(error)
        return
    assert_same_network(network, compaction)

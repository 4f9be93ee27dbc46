"""Structured pruning: groups of tied channels, dense smaller networks, multiply-accumulates counted by hand."""

from typing import Any

import numpy as np
import pytest
from channel_networks import CLASSES, SMALL, make, random_masks, random_weights

from host_bridge.errors import UserError
from trainer.channels import ChannelGroup, channel_groups, kept_macs, macs, shrink, total_macs
from trainer.models.network import Network, build_network
from trainer.tensors import Bool, all_kept
from trainer.values import pack_values


def chosen(groups: tuple[ChannelGroup, ...], seed: int = 6) -> dict[str, Bool]:
    """About half of every prunable group's channels, at least one."""
    random = np.random.default_rng(seed)
    keep = {group.id: random.random(group.channels) < 0.5 for group in groups if group.prunable}
    for channels in keep.values():
        channels[0] = True
    return keep


def silence(network: Network, keep: dict[str, Bool]) -> tuple[Any, Any]:
    """Weights of the full network, random, and again with the kernels that make a removed channel at zero.

    A removed channel's own bias and normalisation are zeroed too, found by the layer's name rather than by the code
    under test; that needs networks in which every tensor's last axis is its group's channels.
    """
    weights = random_weights(network, all_kept(network.specs), seed=2)
    groups = [group for group in channel_groups(network) if group.id in keep]
    layers = {name.split("/")[0]: keep[group.id] for group in groups for name in group.tensors}
    silenced = []
    for spec, weight in zip(network.specs, weights, strict=True):
        layer = spec.name.split("/")[0].removesuffix("_norm")
        channels = layers.get(layer)
        silenced.append(weight if channels is None else np.where(channels, weight, np.float32(spec.start)))
    return weights, tuple(silenced)


@pytest.mark.parametrize("name", ["lenet5", "resnet8", "vgg19"])
def test_a_shrunken_network_is_the_full_one_with_silent_channels(name: str) -> None:
    network = make(name)
    groups = channel_groups(network)
    keep = chosen(groups)
    compaction = shrink(network, keep)
    weights, silenced = silence(network, keep)
    x = np.random.default_rng(0).normal(0, 1, (4, *network.input_shape)).astype(np.float32)
    small = compaction.take(weights)
    expected = np.asarray(network.logits(silenced, x))
    np.testing.assert_allclose(compaction.network.logits(small, x), expected, rtol=1e-4, atol=1e-5)
    for group in groups:
        widths = {spec.name: spec.shape[-1] for spec in compaction.network.specs}
        wanted = int(keep[group.id].sum()) if group.prunable else group.channels
        assert {widths[tensor] for tensor in group.tensors} <= {wanted}


def test_values_of_a_shrunken_network() -> None:
    network = make("flattened")
    compaction = shrink(network, chosen(channel_groups(network)))
    weights = random_weights(network, all_kept(network.specs), seed=2)
    values = pack_values(compaction.take(weights), compaction.masks)
    np.testing.assert_array_equal(values, pack_values(weights, compaction.full_masks))
    np.testing.assert_array_equal(compaction.value_positions, np.arange(len(values)))
    assert all(mask is None or mask.all() for mask in compaction.masks)


def test_groups_of_a_residual_network() -> None:
    network = make("resnet8")
    groups = {group.id: group for group in channel_groups(network)}
    assert [(group.id, group.prunable) for group in groups.values() if not group.prunable] == [
        ("image", False),
        ("logits", False),
    ]
    assert groups["stem"].tensors == ("stem/kernel", "stack1_conv2/kernel")
    assert {frozenset(group.tensors) for group in groups.values() if len(group.tensors) > 1} == {
        frozenset({"stem/kernel", "stack1_conv2/kernel"}),
        frozenset({"stack2_shortcut/kernel", "stack2_conv2/kernel"}),
        frozenset({"stack3_shortcut/kernel", "stack3_conv2/kernel"}),
    }
    kernels = [spec.name for spec in network.specs if spec.prunable]
    assert sorted(tensor for group in groups.values() for tensor in group.tensors) == sorted(kernels)


def test_a_concatenation_maps_writers_to_their_channels_of_the_sum() -> None:
    network = make("concatenated")
    group = next(group for group in channel_groups(network) if len(group.tensors) == 3)
    assert (group.channels, group.prunable) == (11, True)
    positions = {network.specs[tensor].name: channels.tolist() for tensor, channels in group.members}
    assert sorted(positions["left/kernel"] + positions["right/kernel"]) == list(range(11))
    assert positions["wide/kernel"] == positions["left/kernel"] + positions["right/kernel"]
    keep = np.ones(11, np.bool_)
    keep[positions["left/kernel"][2]] = False
    shapes = {spec.name: spec.shape for spec in shrink(network, {group.id: keep}).network.specs}
    assert (shapes["left/kernel"][-1], shapes["right/kernel"][-1], shapes["wide/kernel"][-1]) == (5, 5, 10)
    assert (shapes["after/kernel"][2], shapes["again/kernel"][2]) == (10, 5)


@pytest.mark.parametrize(
    ("keep", "error", "message"),
    [
        ({"stem": np.zeros(16, np.bool_)}, UserError, "layer stem would lose every channel"),
        ({"logits": np.arange(CLASSES) > 0}, ValueError, "keep every channel"),
        ({"image": np.arange(3) > 0}, ValueError, "keep every channel"),
        ({"stem": np.ones(15, np.bool_)}, ValueError, r"bool \(16,\) expected"),
        ({"stem": np.ones(16)}, ValueError, r"bool \(16,\) expected"),
        ({"trunk": np.ones(16, np.bool_)}, ValueError, "no group 'trunk'"),
    ],
)
def test_a_choice_that_cannot_be_made(keep: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        shrink(make("resnet8"), keep)


def test_multiplications_counted_by_hand() -> None:
    network = make("flattened")
    by_name = dict(zip((spec.name for spec in network.specs), macs(network), strict=True))
    assert {name: count for name, count in by_name.items() if count is not None} == {
        "conv/kernel": 4 * 4 * 9 * 2 * 9,
        "depthwise/kernel": 4 * 4 * 9 * 18,
        "point/kernel": 4 * 4 * 18 * 8,
        "hidden/kernel": 2 * 2 * 8 * 24,
        "logits/kernel": 24 * CLASSES,
    }
    masks = random_masks(network, 0.2, seed=8)
    positions = {"conv/kernel": 16, "point/kernel": 16, "hidden/kernel": 1, "logits/kernel": 1}
    for spec, mask, count in zip(network.specs, masks, kept_macs(network, masks), strict=True):
        if mask is not None:
            assert count == positions[spec.name] * int(mask.sum())
    assert kept_macs(network, all_kept(network.specs)) == macs(network)


def test_macs_of_resnet8_are_those_of_mlperf_tiny() -> None:
    from trainer.models import MODELS

    assert total_macs(macs(build_network(MODELS.get("resnet8"), (32, 32, 3), 10))) == 12_501_632


def transposed(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.Conv2DTranspose(3, 3, name="up")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def twice(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    layer = layers.Conv2D(2, 3, padding="same", name="twice")
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(layer(layer(source))))


@pytest.mark.parametrize(("builder", "message"), [(transposed, "layer up: .*Conv2DTranspose"), (twice, "layer twice")])
def test_multiplications_that_cannot_be_counted(builder: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        macs(build_network(builder, SMALL, CLASSES))

"""Live channels against the flow of a network with positive weights; completed masks; what cannot be followed."""

from typing import Any

import keras
import numpy as np
import pytest
from channel_networks import CLASSES, SMALL, make, random_masks

from host_bridge.errors import UserError
from trainer.channels import channel_groups, compact, complete_masks, live_channels
from trainer.models.network import Network, build_keras, build_network
from trainer.tensors import Bool, Masks, Role, all_kept


def flowing_units(network: Network, masks: Masks) -> list[Bool]:
    """Units of each kernel through which something flows if all weights are 1 and no bias adds anything.

    An input of ones then makes every activation positive that the input reaches, and every gradient that reaches
    the logits, so a unit is live exactly if a gradient reaches one of its kept weights that has a positive input.
    """
    import tensorflow as tf

    model = build_keras(network.builder, network.input_shape, network.classes, "float64")
    weights = [
        tf.constant(
            np.full(spec.shape, spec.start) if spec.role.name in ("BIAS", "SCALE", "MEAN", "VARIANCE") else value
        )
        for spec, value in (
            (s, np.ones(s.shape) if m is None else m * 1.0) for s, m in zip(network.specs, masks, strict=True)
        )
    ]
    trained = weights[: network.trained]
    with tf.GradientTape() as tape:
        tape.watch(trained)
        total = tf.reduce_sum(
            model.stateless_call(trained, weights[network.trained :], tf.ones((1, *network.input_shape), tf.float64))[0]
        )
    gradients = tape.gradient(total, trained)
    flows = [np.zeros(w.shape) if g is None else w.numpy() * g.numpy() for w, g in zip(trained, gradients, strict=True)]
    return [flow.reshape(-1, flow.shape[-1]).any(axis=0) for flow in flows]


@pytest.mark.parametrize(
    ("name", "density"),
    [
        ("concatenated", 0.3),
        ("concatenated", 0.05),
        ("lenet5", 0.05),
        ("resnet8", 0.05),
        ("ds_cnn", 0.05),
        ("vgg19", 0.15),
    ],
)
def test_live_channels_are_those_that_something_flows_through(name: str, density: float) -> None:
    network = make(name)
    masks = random_masks(network, density, seed=4)
    units = live_channels(network, masks).units
    compared = 0
    for spec, live, flowing in zip(network.specs, units, flowing_units(network, masks), strict=False):
        if spec.prunable and not spec.name.startswith("logits"):
            np.testing.assert_array_equal(live, flowing, spec.name)
            compared += int(flowing.sum()) * int((~flowing).sum())
    assert units[[spec.name for spec in network.specs].index("logits/kernel")].all()
    assert compared > 0, "every layer all alive or all dead: nothing was tested"


def test_completed_masks_follow_the_live_channels() -> None:
    network = make("flattened")
    masks = random_masks(network, 0.08, seed=1)
    completed = complete_masks(network, masks)
    live = live_channels(network, masks).units
    dropped = 0
    for spec, before, after, units in zip(network.specs, masks, completed, live, strict=True):
        if spec.prunable:
            assert after is before
        elif spec.role is Role.DEPTHWISE:
            assert after is not None
            np.testing.assert_array_equal(after.reshape(9, -1), np.tile(units, (9, 1)))
        elif units.all():
            assert after is None
        else:
            np.testing.assert_array_equal(after, units)
            dropped += 1
    assert dropped > 3
    for once, twice in zip(completed, complete_masks(network, completed), strict=True):
        np.testing.assert_array_equal(once, twice)


def test_dense_networks_have_only_live_channels() -> None:
    network = make("concatenated")
    assert all(units.all() for units in live_channels(network, all_kept(network.specs)).units)
    completed = complete_masks(network, all_kept(network.specs))
    assert [mask is None for mask in completed] == [not spec.prunable for spec in network.specs]


def test_a_sigmoid_feeds_what_nothing_reaches_and_a_softmax_reads_everything() -> None:
    network = make("gated")
    masks = list(all_kept(network.specs))
    index = {spec.name: position for position, spec in enumerate(network.specs)}
    for name in ("sigmoid_conv/kernel", "softmax_conv/kernel"):
        mask = masks[index[name]]
        assert mask is not None
        mask[..., :3] = False
    reads = masks[index["plain/kernel"]]
    assert reads is not None
    reads[:, :, 4:] = False
    units = live_channels(network, tuple(masks)).units
    assert units[index["sigmoid_conv/bias"]].all()
    assert units[index["softmax_conv/bias"]].all()
    reads[...] = False
    assert not live_channels(network, tuple(masks)).units[index["sigmoid_conv/bias"]].any()


def strange(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.UpSampling2D(name="larger")(layers.Conv2D(3, 3, name="conv")(source))
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def grouped(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.Conv2D(4, 3, groups=2, name="halves")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def shared(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    twice = layers.Conv2D(2, 3, padding="same", name="twice")
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(twice(twice(source))))


def operators(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.Conv2D(2, 1, name="conv")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x * source))


class Squared(keras.layers.Dense):
    def call(self, inputs: Any, training: Any = None) -> Any:
        return super().call(inputs, training) ** 2


def subclassed(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = Squared(3, name="squared")(layers.Flatten(name="flatten")(source))
    return source, layers.Dense(classes, name="logits")(x)


def cut(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape, name="source")
    x = layers.Reshape((8, 8, 4, 1), name="cut")(layers.Conv2D(4, 1, name="conv")(source))
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


@pytest.mark.parametrize(
    ("builder", "layer"),
    [
        (strange, "layer larger: UpSampling2D"),
        (grouped, "layer halves: grouped"),
        (shared, "layer twice: .*more than once"),
        (operators, "layer multiply.*: Multiply"),
        (subclassed, "layer squared: Squared"),
        (cut, "layer cut: .*another axis"),
    ],
)
def test_what_cannot_be_followed_is_named_and_counts_as_live(builder: Any, layer: str) -> None:
    network = build_network(builder, SMALL, CLASSES)
    masks = random_masks(network, 0.1, seed=2)
    liveness = live_channels(network, masks)
    assert liveness.unsupported is not None
    assert all(units.all() for units in liveness.units)
    assert all(after is before for before, after in zip(masks, complete_masks(network, masks), strict=True))
    for refuse in (lambda: compact(network, masks), lambda: channel_groups(network)):
        with pytest.raises(UserError, match=layer) as caught:
            refuse()
        assert str(caught.value) == liveness.unsupported
        assert "\n" not in liveness.unsupported

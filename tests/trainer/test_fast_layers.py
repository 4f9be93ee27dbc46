"""Networks by matrix products against the plain ones: same weights, outputs and gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trainer.backends import backend
from trainer.initialisers import initial_weights
from trainer.losses import cross_entropy
from trainer.models.fast_layers import convolve, fast_network
from trainer.models.network import Network, build_network, tensor_specs

SHAPE, CLASSES = (9, 7, 2), 4

Builder = Callable[[Any, tuple[int, int, int], int], Any]


def mixed(layers: Any, shape: tuple[int, int, int], classes: int) -> Any:
    """Every covered layer, odd sides, strides, both paddings and running statistics."""
    source = layers.Input(shape)
    x = layers.Conv2D(5, (3, 2), padding="same", activation="relu", name="first")(source)
    x = layers.MaxPooling2D(2, name="max")(x)
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="second")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.AveragePooling2D((2, 1), name="mean")(layers.ReLU(name="relu")(x))
    x = layers.Conv2D(3, 1, padding="valid", name="third")(x)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flat")(x))


def overlapping(layers: Any, shape: tuple[int, int, int], classes: int) -> Any:
    """Pooling that stays what it is."""
    source = layers.Input(shape)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="max")(layers.Conv2D(3, 3, name="conv")(source))
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flat")(x))


def depthwise(layers: Any, shape: tuple[int, int, int], classes: int) -> Any:
    source = layers.Input(shape)
    x = layers.DepthwiseConv2D(3, name="depthwise")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flat")(x))


def dilated(layers: Any, shape: tuple[int, int, int], classes: int) -> Any:
    source = layers.Input(shape)
    x = layers.Conv2D(2, 3, dilation_rate=2, name="dilated")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flat")(x))


def value_and_gradients(network: Network) -> tuple[Any, list[Any], list[Any]]:
    """Loss, statistics and gradients on random data."""
    from keras import ops

    random = np.random.default_rng(3)
    x = random.normal(size=(6, *SHAPE)).astype(np.float32)
    y = random.integers(0, CLASSES, 6).astype(np.int32)
    weights = [np.asarray(w) for w in initial_weights(1, network.specs)]
    count = network.trained

    def loss(trained: list[Any]) -> tuple[Any, Any]:
        logits, statistics = network.forward([*trained, *weights[count:]], x)
        return ops.mean(cross_entropy(logits, y)), statistics

    (value, statistics), gradients = backend().value_and_gradients(loss, weights[:count])
    return np.asarray(value), [np.asarray(s) for s in statistics], [np.asarray(g) for g in gradients]


@pytest.mark.parametrize("builder", [mixed, overlapping])
def test_loss_statistics_and_gradients_equal_the_plain_network_s(builder: Builder) -> None:
    network = build_network(builder, SHAPE, CLASSES)
    fast = fast_network(network)
    assert fast is not None
    assert tensor_specs(fast.model) == network.specs
    kinds = {layer.name: type(layer).__name__ for layer in fast.model.layers}
    assert sum(kind.startswith("Fast") for kind in kinds.values()) == (5 if builder is mixed else 1)
    (value, statistics, gradients), (plain, *expected) = value_and_gradients(fast), value_and_gradients(network)
    np.testing.assert_allclose(value, plain, rtol=1e-5)
    for got, wanted in zip([*statistics, *gradients], [*expected[0], *expected[1]], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("builder", [depthwise, dilated])
def test_a_convolution_without_a_fast_counterpart_means_no_fast_network(builder: Builder) -> None:
    assert fast_network(build_network(builder, SHAPE, CLASSES)) is None


@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("kernel", [(3, 2), (1, 1), (4, 5)])
def test_a_valid_convolution_equals_sums_by_hand(kernel: tuple[int, int], strides: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    x, weights = random.normal(size=(2, 7, 8, 3)), random.normal(size=(*kernel, 3, 4))
    rows, columns = ((side - size) // step + 1 for side, size, step in zip((7, 8), kernel, strides, strict=True))
    expected = np.zeros((2, rows, columns, 4))
    for row, column in np.ndindex(rows, columns):
        top, left = row * strides[0], column * strides[1]
        seen = x[:, top : top + kernel[0], left : left + kernel[1]]
        expected[:, row, column] = np.einsum("nijc,ijco->no", seen, weights)
    np.testing.assert_allclose(np.asarray(convolve(x, weights, strides, "valid")), expected, rtol=1e-9, atol=1e-12)

"""Networks that a learner has to train as Keras does, their masks, and samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_gen.learner import LearnerPlan, Purpose
from firmware_gen.learner.pieces import SCRATCH, Room
from trainer.channels import complete_masks
from trainer.initialisers import initial_weights, rescale_survivors
from trainer.models.network import Network, build_network
from trainer.tensors import Masks, Weights

SCALE = 1 / 16


def plain_cnn(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(shape)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="conv1")(source)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Conv2D(7, 3, padding="valid", activation="relu", name="conv2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(11, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)


def strided_depthwise(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(shape)
    x = layers.Conv2D(5, (3, 2), strides=(2, 1), padding="same", use_bias=False, name="conv1")(source)
    x = layers.ReLU(6.0, name="relu1")(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, name="depthwise")(x)
    x = layers.ReLU(name="relu2")(x)
    x = layers.Conv2D(8, 1, activation="relu", name="pointwise")(x)
    x = layers.AveragePooling2D(2, strides=1, padding="same", name="pool")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return source, layers.Dense(classes, name="logits")(x)


def residual(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(shape)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(source)
    y = layers.Conv2D(4, 3, padding="same", activation="relu", name="branch1")(x)
    y = layers.Conv2D(4, 3, padding="same", name="branch2")(y)
    x = layers.Add(name="add")([x, y])
    x = layers.ReLU(name="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool")(x)
    x = layers.GlobalMaxPooling2D(name="most")(x)
    return source, layers.Dense(classes, name="logits")(x)


NETWORKS = {"plain": plain_cnn, "depthwise": strided_depthwise, "residual": residual}
SHAPE = (8, 7, 2)
CLASSES = 4


def network(name: str) -> Network:
    return build_network(NETWORKS[name], SHAPE, CLASSES)


def some_masks(network: Network, density: float = 0.5, seed: int = 3) -> Masks:
    random = np.random.default_rng(seed)
    masks = tuple(random.random(spec.shape) < density if spec.prunable else None for spec in network.specs)
    return complete_masks(network, masks)


def start(network: Network, masks: Masks, seed: int = 5) -> Weights:
    """Survivors of a seed, and biases that are not all zero."""
    weights = rescale_survivors(network.specs, initial_weights(seed, network.specs), masks)
    random = np.random.default_rng(seed)
    return tuple(
        np.where(True if mask is None else mask, random.uniform(-0.2, 0.2, spec.shape), 0).astype(np.float32)
        if len(spec.shape) == 1
        else weight
        for spec, weight, mask in zip(network.specs, weights, masks, strict=True)
    )


def samples(count: int, seed: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Bytes that stand for sixteenths, and labels."""
    random = np.random.default_rng(seed)
    return random.integers(0, 17, (count, *SHAPE)).astype(np.uint8), random.integers(0, CLASSES, count).astype(np.int32)


def half(plan: LearnerPlan) -> Room:
    """A first piece too small for a plan of one, so that both come to hold something."""
    lasting = sum(size for name, size in plan.sizes.items() if name not in SCRATCH)
    return Room(lasting * 6 // 10, plan.bytes)


def purpose(count: int, **given: Any) -> Purpose:
    usual = {"sample_scale": SCALE, "seeded": False, "sparsity": 0.0, "epochs": 3, "batch_size": 4}
    return Purpose(samples=count, **(usual | given))

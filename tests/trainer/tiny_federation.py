"""A model and a data set so small that tests can compute what they expect."""

from typing import Any

import numpy as np

from trainer.datasets import Dataset
from trainer.models.network import Network, build_network

SHAPE = (4, 4, 1)
CLASSES = 3


def tiny_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(source)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    return source, layers.Dense(classes, name="logits")(x)


def tiny_dense(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Flatten(name="flatten")(source)
    x = layers.Dense(7, activation="relu", name="first")(x)
    x = layers.Dense(5, activation="relu", name="second")(x)
    return source, layers.Dense(classes, name="third")(x)


def tiny_network(builder: Any = tiny_cnn) -> Network:
    return build_network(builder, SHAPE, CLASSES)


def tiny_dataset(samples: int = 60) -> Dataset:
    """Three classes that a bright row tells apart, with noise."""
    random = np.random.default_rng(5)
    labels = random.integers(0, CLASSES, samples).astype(np.int32)
    images = random.uniform(0, 0.3, (samples, *SHAPE)).astype(np.float32)
    images[np.arange(samples), labels] += np.float32(0.7)
    half = samples // 2
    return Dataset("tiny", ("a", "b", "c"), images[:half], labels[:half], images[half:], labels[half:])

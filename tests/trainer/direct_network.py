"""A tiny network with a normalisation, once in Keras and once in NumPy float64 with derivatives by finite differences.

The activation is smooth, so that differences approximate derivatives closely everywhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.models.network import Network, build_network
from trainer.tensors import Weights

SHAPE = (4, 4, 1)
CLASSES = 3
EPSILON = 1e-3
KERNELS = (0, 3)
"""Positions of the prunable tensors; the others are the normalisation's scale and offset, the bias, the statistics."""

Arrays = list[np.ndarray]


def smooth(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(2, 3, use_bias=False, name="conv")(source)
    x = layers.BatchNormalization(momentum=0.7, epsilon=EPSILON, name="norm")(x)
    x = layers.Activation("tanh", name="tanh")(x)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def smooth_network() -> Network:
    return build_network(smooth, SHAPE, CLASSES)


def smooth_weights(seed: int = 2) -> Weights:
    random = np.random.default_rng(seed)
    values = [random.normal(0, 0.5, (3, 3, 1, 2)), random.uniform(0.5, 1.5, 2), random.normal(0, 0.3, 2)]
    values += [random.normal(0, 0.5, (8, 3)), random.normal(0, 0.3, 3), random.normal(0, 9, 2), random.uniform(1, 9, 2)]
    return tuple(value.astype(np.float32) for value in values)


def smooth_samples(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(0, 1, (count, *SHAPE)).astype(np.float32), random.integers(0, CLASSES, count).astype(np.int32)


def convolved(weights: Arrays, x: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64)[..., 0], (3, 3), axis=(1, 2))
    return np.einsum("nhwij,ijc->nhwc", windows, weights[0][:, :, 0])


def statistics(weights: Arrays, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    maps = convolved(weights, x)
    return maps.mean((0, 1, 2)), maps.var((0, 1, 2))


def outputs(weights: Arrays, x: np.ndarray, moments: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Logits, by the statistics of the batch or by given ones."""
    mean, variance = moments or statistics(weights, x)
    maps = (convolved(weights, x) - mean) / np.sqrt(variance + EPSILON) * weights[1] + weights[2]
    return np.tanh(maps).reshape(len(x), -1) @ weights[3] + weights[4]


def loss(weights: Arrays, x: np.ndarray, y: np.ndarray, temperature: float = 1.0) -> float:
    logits = outputs(weights, x) / temperature
    shifted = logits - logits.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]))


def slopes(function: Callable[[Arrays], float], at: Arrays, step: float = 1e-5) -> Arrays:
    """Central differences with respect to every element of every array."""
    result = []
    for position, array in enumerate(at):
        slope = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            ends = []
            for way in (step, -step):
                moved = [one.copy() for one in at]
                moved[position][index] += way
                ends.append(function(moved))
            slope[index] = (ends[0] - ends[1]) / (2 * step)
        result.append(slope)
    return result


def gradient(weights: Weights, x: np.ndarray, y: np.ndarray, temperature: float = 1.0) -> Arrays:
    """Of the mean cross-entropy with respect to the two kernels."""
    kernels = [weights[place].astype(np.float64) for place in KERNELS]
    return slopes(lambda at: loss(placed(weights, at), x, y, temperature), kernels)


def placed(weights: Weights, kernels: Arrays) -> Arrays:
    everything = [weight.astype(np.float64) for weight in weights]
    for place, kernel in zip(KERNELS, kernels, strict=True):
        everything[place] = kernel
    return everything

"""A sparse network of three layers and a few samples, built in a moment; two of its kernels have one shape."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.datasets import Dataset
from trainer.models.network import Network, build_network
from trainer.tensors import Masks, Weights

SHAPE = (4, 4, 1)
CLASSES = 12


@dataclass(frozen=True)
class SmallNetwork:
    network: Network
    weights: Weights
    masks: Masks
    dataset: Dataset

    def index(self, name: str) -> int:
        return [spec.name for spec in self.network.specs].index(name)

    def mask(self, name: str) -> npt.NDArray[np.bool_]:
        mask = self.masks[self.index(name)]
        assert mask is not None
        return mask


def build_small(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """Both dense kernels are (12, 12), so shapes alone do not tell them apart."""
    source = layers.Input(input_shape)
    x = layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(source)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(classes, activation="relu", name="hidden")(x)
    return source, layers.Dense(classes, name="logits")(x)


def make_small_network(seed: int = 5) -> SmallNetwork:
    random = np.random.default_rng(seed)
    network = build_network(build_small, SHAPE, CLASSES)
    masks: list[npt.NDArray[np.bool_] | None] = []
    weights = []
    for spec in network.specs:
        mask = random.random(spec.shape) < 0.4 if spec.prunable else None
        weight = random.normal(0, 0.5, spec.shape).astype(np.float32)
        masks.append(mask)
        weights.append(weight if mask is None else weight * mask)
    samples = random.random((30, *SHAPE), np.float32)
    labels = random.integers(0, CLASSES, 30, np.int32)
    names = tuple(str(number) for number in range(CLASSES))
    dataset = Dataset("small", names, samples[:20], labels[:20], samples[20:], labels[20:])
    return SmallNetwork(network, tuple(weights), tuple(masks), dataset)

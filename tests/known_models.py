"""Networks that others publish figures for, with random dense int8 weights: what is executed depends on sizes only."""

import numpy as np
from op_specs import Rng
from tflite_builder import TfliteBuilder

_SCALE, _ZERO_POINT = 1 / 48, -128


def _weights(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
    """No zeros, so that nothing is skipped."""
    return rng.integers(1, 128, shape) * rng.choice((-1, 1), shape)


def _scales(rng: Rng, taps: int, filters: int) -> list[float]:
    """Keep the spread of the activations about as it is."""
    return list(rng.uniform(0.8, 1.3, filters) / (74 * np.sqrt(taps)))


def _bias(rng: Rng, filters: int) -> np.ndarray:
    return rng.integers(-3000, 3000, filters)


class Network:
    """A chain of layers on one builder; ``channels`` are those of the last tensor ``x``."""

    def __init__(self, size: tuple[int, int, int], rng: Rng) -> None:
        self.builder, self.rng = TfliteBuilder(), rng
        self.source = self.x = self.builder.activation((1, *size), 1 / 64, 3)

    @property
    def channels(self) -> int:
        return int(self.builder.tensors[self.x].shape[3])

    def conv(self, filters: int, kernel: tuple[int, int], stride: int = 1) -> None:
        weights = _weights(self.rng, (filters, *kernel, self.channels))
        scales = _scales(self.rng, weights[0].size, filters)
        self.x = self.builder.conv(
            self.x, weights, scales, _bias(self.rng, filters), (_SCALE, _ZERO_POINT),
            stride=(stride, stride), activation="relu",
        )  # fmt: skip

    def separable(self, filters: int, stride: int = 1) -> None:
        """Depthwise 3x3, then pointwise."""
        weights = _weights(self.rng, (3, 3, self.channels))
        self.x = self.builder.depthwise(
            self.x, weights, _scales(self.rng, 9, self.channels), _bias(self.rng, self.channels), (_SCALE, _ZERO_POINT),
            stride=(stride, stride), activation="relu",
        )  # fmt: skip
        self.conv(filters, (1, 1))

    def classify(self, classes: int) -> bytes:
        """Average over everything, then one fully connected layer."""
        _, height, width, channels = self.builder.tensors[self.x].shape
        pooled = self.builder.pool(self.x, "average", (height, width))
        weights = _weights(self.rng, (classes, channels))
        flat = self.builder.reshape(pooled, (1, channels))
        scales = _scales(self.rng, channels, classes)
        output = self.builder.fully_connected(flat, weights, scales, _bias(self.rng, classes), (0.05, 9))
        return self.builder.finish(self.source, output)


def ds_cnn(rng: Rng) -> bytes:
    """Keyword spotting on 49 frames of 10 coefficients: MLPerf Tiny's DS-CNN."""
    network = Network((49, 10, 1), rng)
    network.conv(64, (10, 4), stride=2)
    for _ in range(4):
        network.separable(64)
    return network.classify(12)


def mobilenet_v1_quarter(rng: Rng) -> bytes:
    """Visual wake words on 96x96x3: MLPerf Tiny's MobileNetV1 of width 0.25."""
    network = Network((96, 96, 3), rng)
    network.conv(8, (3, 3), stride=2)
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)):
        network.separable(filters, stride)
    for _ in range(5):
        network.separable(128)
    network.separable(256, 2)
    network.separable(256)
    return network.classify(2)


def autoencoder(rng: Rng) -> bytes:
    """Anomaly detection on five frames of 128 mel bands: MLPerf Tiny's autoencoder of fully connected layers."""
    builder = TfliteBuilder()
    source = x = builder.activation((1, 640), 1 / 64, 3)
    widths = (128, 128, 128, 128, 8, 128, 128, 128, 128, 640)
    for number, width in enumerate(widths, 1):
        inputs = int(builder.tensors[x].shape[1])
        weights, scales = _weights(rng, (width, inputs)), _scales(rng, inputs, 1)
        last = number == len(widths)
        quantised = (0.05, 9) if last else (_SCALE, _ZERO_POINT)
        activation = "none" if last else "relu"
        x = builder.fully_connected(x, weights, scales, _bias(rng, width), quantised, activation=activation)
    return builder.finish(source, x)

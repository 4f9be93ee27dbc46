"""Builds pruned int8 networks with scales that keep activations within their range.

Weights are normally distributed with the spread of He's initialisation over what is kept of a layer (He et al.,
"Delving Deep into Rectifiers", 2015), quantised by output channel. The mean square of every activation is followed
from layer to layer, and its scale holds four standard deviations.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tflite_builder import TfliteBuilder

from benchmarks.networks.masks import MaskOf, Shape

_DEVIATIONS = 4.0
_BIAS_SPREAD = 0.1
"""Of the spread of what the bias is added to."""
_MAX_POOL_GAIN, _MEAN_POOL_GAIN = 2.0, 0.4
"""Mean square after a pool, of that before it; about what correlated neighbours give."""


@dataclass(frozen=True)
class Activation:
    """A tensor of the model and its mean square, as a real number."""

    tensor: int
    mean_square: float


@dataclass(frozen=True)
class _Layer:
    """Weights, output channel first, their scales, bias, and the mean square of what comes out unrectified."""

    weights: npt.NDArray[np.int8]
    scales: list[float]
    bias: npt.NDArray[np.int32]
    mean_square: float


class PrunedNetwork:
    """Grows a network layer by layer; each method returns what the layer writes.

    Args:
        size: height, width and channels of the input.
        mask: what is kept.
        seed: of weights and biases.
        dead_bias: whether channels without a kept weight have a bias, so that they are constant but not zero.
    """

    def __init__(self, size: tuple[int, int, int], mask: MaskOf, seed: int, *, dead_bias: bool = True) -> None:
        self._builder, self._mask, self._dead_bias = TfliteBuilder(), mask, dead_bias
        self._rng = np.random.default_rng(seed)
        self.source = Activation(self._builder.activation((1, *size), 1 / 64, 3), 4 / 3)

    def conv(
        self, x: Activation, filters: int, kernel: int, name: str, *, stride: int = 1, relu: bool = True
    ) -> Activation:
        """Convolution with bias, and ReLU."""
        layer = self._layer(x, (filters, kernel, kernel, self._channels(x)), name, relu)
        tensor = self._builder.conv(
            x.tensor, layer.weights, layer.scales, layer.bias, _range(layer.mean_square, relu),
            stride=(stride, stride), activation="relu" if relu else "none",
        )  # fmt: skip
        return self._written(tensor, name, layer.mean_square / 2 if relu else layer.mean_square)

    def depthwise(self, x: Activation, kernel: int, name: str, *, stride: int = 1) -> Activation:
        """One kernel a channel, with bias, and ReLU."""
        layer = self._layer(x, (self._channels(x), kernel, kernel, 1), name, True)
        weights = np.moveaxis(layer.weights[..., 0], 0, -1)
        tensor = self._builder.depthwise(
            x.tensor, weights, layer.scales, layer.bias, _range(layer.mean_square, True),
            stride=(stride, stride), activation="relu",
        )  # fmt: skip
        return self._written(tensor, name, layer.mean_square / 2)

    def add(self, one: Activation, other: Activation, name: str) -> Activation:
        """The sum of two activations, and ReLU."""
        square = one.mean_square + other.mean_square
        tensor = self._builder.binary("add", (one.tensor, other.tensor), _range(square, True), activation="relu")
        return self._written(tensor, name, one.mean_square + other.mean_square / 2)

    def max_pool(self, x: Activation) -> Activation:
        """The largest of each two by two."""
        tensor = self._builder.pool(x.tensor, "max", (2, 2), stride=(2, 2))
        return Activation(tensor, _MAX_POOL_GAIN * x.mean_square)

    def pool_all(self, x: Activation) -> Activation:
        """The mean of each channel."""
        _, height, width, _ = self._builder.tensors[x.tensor].shape
        tensor = self._builder.pool(x.tensor, "average", (height, width))
        return Activation(tensor, _MEAN_POOL_GAIN * x.mean_square)

    def classify(self, x: Activation, classes: int, name: str) -> bytes:
        """A fully connected layer over everything; the finished file."""
        count = int(np.prod(self._builder.tensors[x.tensor].shape))
        flat = Activation(self._builder.reshape(x.tensor, (1, count)), x.mean_square)
        layer = self._layer(flat, (classes, count), name, False)
        output = self._builder.fully_connected(
            flat.tensor, layer.weights, layer.scales, layer.bias, _range(layer.mean_square, False)
        )
        return self._builder.finish(self.source.tensor, self._written(output, name, 0).tensor)

    def _channels(self, x: Activation) -> int:
        return int(self._builder.tensors[x.tensor].shape[3])

    def _written(self, tensor: int, name: str, mean_square: float) -> Activation:
        self._builder.tensors[tensor].name = name.encode()
        return Activation(tensor, mean_square)

    def _layer(self, x: Activation, shape: Shape, name: str, rectified: bool) -> _Layer:
        """Draw the weights that are kept."""
        kept = self._mask(name, shape)
        counts = kept.reshape(len(kept), -1).sum(axis=1)
        live = counts > 0
        gain = 2.0 if rectified else 1.0
        spread = np.sqrt(gain / counts[live].mean()) if live.any() else 1.0
        real = self._rng.standard_normal(int(counts.sum())) * spread
        channel = np.repeat(np.arange(len(kept)), counts)
        largest = np.where(live, 0.0, spread)
        np.maximum.at(largest, channel, np.abs(real))
        scales = largest / 127
        whole = np.round(real / scales[channel])
        weights = np.zeros(shape, np.int8)
        weights[kept] = np.where(whole == 0, np.copysign(1, real), whole).astype(np.int8)
        mean_square = gain * x.mean_square
        bias = self._rng.standard_normal(len(kept)) * _BIAS_SPREAD * np.sqrt(mean_square) * (live | self._dead_bias)
        quantised = np.round(bias / (scales * self._builder.scale(x.tensor))).astype(np.int32)
        return _Layer(weights, list(scales), quantised, mean_square)


def _range(mean_square: float, rectified: bool) -> tuple[float, int]:
    """Scale and zero point."""
    reach = _DEVIATIONS * np.sqrt(mean_square)
    return (float(reach / 255), -128) if rectified else (float(2 * reach / 255), 0)

"""Models of one operator, described by a few numbers; op_cases.py has the table of them."""

from dataclasses import dataclass

import numpy as np
from tflite_builder import TfliteBuilder

Rng = np.random.Generator


def sparse(rng: Rng, shape: tuple[int, ...], density: float) -> np.ndarray:
    """Random int8 weights of which about ``density`` are not zero; both ends occur where there is room."""
    values = rng.integers(-127, 128, shape) * (rng.random(shape) < density)
    flat = values.reshape(-1)
    if flat.size > 4 and density > 0:
        flat[rng.choice(flat.size, 2, replace=False)] = (127, -127)
    return values


@dataclass(frozen=True)
class ConvSpec:
    """One convolution: sizes, what moves it, and how dense its weights are."""

    size: tuple[int, int, int]
    filters: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "same"
    density: float = 0.5
    per_channel: bool = True
    activation: str = "none"
    zero_point: int = 3
    bias: bool = True
    out_scale: float = 0.7
    groups: int = 1

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.031, self.zero_point)
        weights = sparse(rng, (self.filters, *self.kernel, self.size[2] // self.groups), self.density)
        scales = rng.uniform(0.002, 0.02, self.filters if self.per_channel else 1)
        bias = rng.integers(-9000, 9000, self.filters) if self.bias else None
        output = builder.conv(
            source, weights, list(scales), bias, (self.out_scale, -5),
            stride=self.stride, dilation=self.dilation, padding=self.padding, activation=self.activation,
        )  # fmt: skip
        return source, output


@dataclass(frozen=True)
class DepthwiseSpec:
    """One depthwise convolution with ``multiplier`` outputs for each input channel."""

    size: tuple[int, int, int]
    multiplier: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "same"
    density: float = 0.7
    per_channel: bool = True
    activation: str = "none"
    zero_point: int = 3
    bias: bool = True
    out_scale: float = 0.4

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.031, self.zero_point)
        filters = self.size[2] * self.multiplier
        weights = sparse(rng, (*self.kernel, filters), self.density)
        scales = rng.uniform(0.002, 0.02, filters if self.per_channel else 1)
        bias = rng.integers(-9000, 9000, filters) if self.bias else None
        output = builder.depthwise(
            source, weights, list(scales), bias, (self.out_scale, -5),
            stride=self.stride, dilation=self.dilation, padding=self.padding, activation=self.activation,
        )  # fmt: skip
        return source, output


@dataclass(frozen=True)
class DenseSpec:
    """One fully connected layer over an input of any shape."""

    shape: tuple[int, ...]
    outputs: int
    density: float = 0.5
    per_channel: bool = True
    activation: str = "none"
    zero_point: int = -11
    bias: bool = True

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation(self.shape, 0.037, self.zero_point)
        weights = sparse(rng, (self.outputs, int(np.prod(self.shape))), self.density)
        scales = rng.uniform(0.003, 0.011, self.outputs if self.per_channel else 1)
        bias = rng.integers(-900, 900, self.outputs) if self.bias else None
        return source, builder.fully_connected(
            source, weights, list(scales), bias, (0.9, 4), activation=self.activation
        )


@dataclass(frozen=True)
class PoolSpec:
    """One pool."""

    kind: str
    size: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: str = "valid"
    activation: str = "none"

    def __call__(self, builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.05, 9)
        output = builder.pool(
            source, self.kind, self.kernel, stride=self.stride, padding=self.padding, activation=self.activation
        )
        return source, output

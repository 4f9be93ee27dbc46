"""Residual blocks: what a convolution adds to, and when it may. Whole models for op_cases.py's table."""

from dataclasses import dataclass

import numpy as np
from op_specs import Rng, sparse
from tflite_builder import TfliteBuilder

_OUT = (0.05, 2)


def _conv(
    builder: TfliteBuilder,
    rng: Rng,
    source: int,
    filters: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    density: float = 0.15,
    activation: str = "none",
) -> int:
    """A sparse convolution whose outputs use their range; some channels keep nothing."""
    weights = sparse(rng, (filters, kernel, kernel, builder.tensors[source].shape[3]), density)
    weights[rng.random(filters) < 0.2] = 0
    norm = np.sqrt(np.square(weights.astype(float)).sum(axis=(1, 2, 3)) + 1000.0)
    scale = 2.5 * _OUT[0] / builder.scale(source) / norm
    bias = rng.integers(-9000, 9000, filters)
    return builder.conv(
        source, weights, list(scale), bias, _OUT, stride=(stride, stride), activation=activation, padding="same"
    )


@dataclass(frozen=True)
class ResidualSpec:
    """A stem, then one block: two convolutions and the shortcut, joined; a convolution behind where there is one.

    ``stride`` above 1 makes the shortcut a convolution; ``first`` says which input of the addition the block is.
    """

    kind: str = "add"
    activation: str = "relu"
    size: tuple[int, int, int] = (7, 9, 3)
    channels: int = 6
    stride: int = 1
    first: bool = True
    behind: bool = True

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.031, 3)
        x = _conv(builder, rng, source, self.channels, activation="relu")
        y = _conv(builder, rng, x, self.channels, stride=self.stride, activation="relu")
        y = _conv(builder, rng, y, self.channels)
        if self.stride > 1:
            x = _conv(builder, rng, x, self.channels, kernel=1, stride=self.stride)
        x = builder.binary(self.kind, (y, x) if self.first else (x, y), (0.07, -40), activation=self.activation)
        return source, _conv(builder, rng, x, 4) if self.behind else x


def _own_input(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """x + conv(x): the sum cannot take the place of what the convolution still reads."""
    source = builder.activation((1, 7, 9, 3), 0.031, 3)
    x = _conv(builder, rng, source, 5)
    return source, builder.binary("add", (x, _conv(builder, rng, x, 5)), (0.07, 5))


def _read_twice(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """What is added is read by another operator too, and has to be kept."""
    source = builder.activation((1, 7, 9, 3), 0.031, 3)
    x = _conv(builder, rng, source, 5)
    y = _conv(builder, rng, source, 5)
    both = builder.binary("add", (x, y), (0.07, 5))
    return source, builder.binary("mul", (both, y), (0.1, 0))


def _shortcut_kept(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """The shortcut is read once more, so the sum has a place of its own."""
    source = builder.activation((1, 7, 9, 3), 0.031, 3)
    x = _conv(builder, rng, source, 5)
    y = _conv(builder, rng, source, 5)
    both = builder.binary("add", (x, y), (0.07, 5))
    return source, builder.binary("sub", (both, x), (0.1, 0))


def _chain(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Two blocks, the second behind a convolution with a stride."""
    source, x = ResidualSpec(behind=False)(builder, rng)
    y = _conv(builder, rng, _conv(builder, rng, x, 8, stride=2, activation="relu"), 8)
    x = _conv(builder, rng, x, 8, kernel=1, stride=2)
    return source, builder.binary("add", (x, y), (0.08, -128), activation="relu")


RESIDUALS = {
    "residual": ResidualSpec(),
    "residual_second": ResidualSpec(first=False, behind=False),
    "residual_subtract": ResidualSpec(kind="sub", activation="none"),
    "residual_subtract_second": ResidualSpec(kind="sub", first=False, activation="relu6"),
    "residual_strided": ResidualSpec(stride=2, size=(8, 12, 3)),
    "residual_one_row": ResidualSpec(size=(1, 13, 3), activation="none"),
    "residual_4x4": ResidualSpec(size=(4, 4, 5), channels=11),
    "residual_own_input": _own_input,
    "residual_read_twice": _read_twice,
    "residual_shortcut_kept": _shortcut_kept,
    "residual_chain": _chain,
}
FUSED = {
    "residual": 1, "residual_second": 1, "residual_subtract": 1, "residual_subtract_second": 1, "residual_strided": 1,
    "residual_one_row": 1, "residual_4x4": 1, "residual_own_input": 0, "residual_read_twice": 0,
    "residual_shortcut_kept": 1, "residual_chain": 2,
}  # fmt: skip
"""How many additions go into convolutions."""

"""Means and operators that map every byte on its own: whole models for op_cases.py's table."""

from collections.abc import Callable
from dataclasses import dataclass

from elementwise_cases import Quantisation, spread
from op_specs import Rng
from tflite_builder import TfliteBuilder


@dataclass(frozen=True)
class MeanSpec:
    """A mean over height and width."""

    size: tuple[int, int, int]
    out: Quantisation
    source: Quantisation = (0.05, 3)
    axes: tuple[int, ...] = (1, 2)
    keep: bool = False

    def __call__(self, builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), *self.source)
        return source, builder.mean(source, self.out, axes=self.axes, keep=self.keep)


MEANS = {
    "mean": MeanSpec((7, 7, 5), (0.05, 3)),
    "mean_keep_dims": MeanSpec((7, 7, 5), (0.05, 3), keep=True),
    "mean_axes_swapped": MeanSpec((3, 5, 4), (0.02, -9), axes=(2, 1), keep=True),
    "mean_axes_negative": MeanSpec((3, 5, 4), (0.02, -9), axes=(-3, -2)),
    "mean_power_of_two": MeanSpec((8, 8, 6), (0.05, 3)),
    "mean_ties": MeanSpec((1, 2, 9), (1.0, 0), source=(1.0, 0)),
    "mean_one_position": MeanSpec((1, 1, 9), (0.05, -3)),
    "mean_finer": MeanSpec((3, 3, 7), (0.001, 5)),
    "mean_coarser": MeanSpec((5, 3, 7), (3.0, 5)),
    "mean_zero_point_low": MeanSpec((13, 11, 3), (0.05, -128), source=(0.05, -128)),
    "mean_vanishing": MeanSpec((5, 3, 7), (1.0e8, 5)),
}


@dataclass(frozen=True)
class LookupSpec:
    """One table over all 256 bytes, in two rows; behind a convolution, so that the table overwrites its input."""

    kind: str
    source: Quantisation
    out: Quantisation
    alpha: float = 0.0

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, 11, 13, 2), 0.031, 3)
        return source, builder.lookup(self.kind, spread(builder, rng, source, self.source), self.out, self.alpha)


LOOKUPS = {
    "relu": LookupSpec("RELU", (0.05, 3), (0.05, 3)),
    "relu_rescaling": LookupSpec("RELU", (0.05, 3), (0.021, -128)),
    "relu6": LookupSpec("RELU6", (0.05, 3), (0.05, 3)),
    "relu6_wide": LookupSpec("RELU6", (0.02, -128), (0.02, -128)),
    "relu6_coarse": LookupSpec("RELU6", (0.4, 3), (0.4, 3)),
    "logistic": LookupSpec("LOGISTIC", (0.05, 3), (1 / 256, -128)),
    "logistic_coarse": LookupSpec("LOGISTIC", (1.1, -7), (1 / 256, -128)),
    "logistic_fine": LookupSpec("LOGISTIC", (0.0001, 100), (1 / 256, -128)),
    "tanh": LookupSpec("TANH", (0.03, 3), (1 / 128, 0)),
    "tanh_coarse": LookupSpec("TANH", (0.9, -7), (1 / 128, 0)),
    "tanh_fine": LookupSpec("TANH", (0.0001, 100), (1 / 128, 0)),
    "hard_swish": LookupSpec("HARD_SWISH", (0.05, 3), (0.04, -100)),
    "hard_swish_coarse": LookupSpec("HARD_SWISH", (0.9, 3), (0.7, -100)),
    "hard_swish_fine": LookupSpec("HARD_SWISH", (0.004, 3), (0.003, 10)),
    "leaky_relu": LookupSpec("LEAKY_RELU", (0.05, 3), (0.05, 3), alpha=0.1),
    "leaky_relu_rescaling": LookupSpec("LEAKY_RELU", (0.05, 3), (0.021, -60), alpha=0.3),
    "leaky_relu_steep": LookupSpec("LEAKY_RELU", (0.05, 3), (0.1, 0), alpha=1.7),
    "quantize": LookupSpec("QUANTIZE", (0.05, 3), (0.031, -9)),
    "quantize_same_scale": LookupSpec("QUANTIZE", (0.05, 3), (0.05, -128)),
    "quantize_coarser": LookupSpec("QUANTIZE", (0.05, 3), (0.9, 4)),
    "quantize_saturating": LookupSpec("QUANTIZE", (0.5, 3), (0.001, 4)),
}


def _lookup_with_halos(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Tables that do not keep 0, before convolutions that want halos; one input lives on."""
    source = builder.activation((1, 6, 7, 3), 0.02, -4)
    x = spread(builder, rng, source, (0.05, 3), kernel=3)
    y = builder.lookup("LOGISTIC", x, (1 / 256, -128))
    y = spread(builder, rng, y, (0.05, 9), kernel=5)
    return source, builder.binary("add", (builder.lookup("TANH", x, (1 / 128, 0)), y), (0.1, 1))


LOOKUPS_AND_MEANS: dict[str, Callable[[TfliteBuilder, Rng], tuple[int, int]]] = {
    **MEANS,
    **LOOKUPS,
    "lookup_with_halos": _lookup_with_halos,
}

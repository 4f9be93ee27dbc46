"""Operators that work element by element: whole models for op_cases.py's table."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from op_specs import Rng, sparse
from tflite_builder import TfliteBuilder

Quantisation = tuple[float, int]


def spread(
    builder: TfliteBuilder, rng: Rng, source: int, out: Quantisation, *, channels: int = 0, kernel: int = 1
) -> int:
    """A convolution that gives a second tensor of the source's size, with values over the whole range."""
    weights = sparse(
        rng, (channels or builder.tensors[source].shape[3], kernel, kernel, builder.tensors[source].shape[3]), 0.9
    )
    scale = 2.5 * out[0] / builder.scale(source) / np.sqrt(np.square(weights.astype(float)).sum(axis=(1, 2, 3)) + 1)
    return builder.conv(source, weights, list(scale), None, out)


@dataclass(frozen=True)
class BinarySpec:
    """Two branches from one input, joined; scales and zero points of the branches and of the result."""

    first: Quantisation
    second: Quantisation
    out: Quantisation
    kind: str = "add"
    activation: str = "none"
    size: tuple[int, int, int] = (5, 7, 3)
    kernel: int = 1  # of a convolution behind, which asks for a halo where it is above 1

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.031, 3)
        one, other = (spread(builder, rng, source, out) for out in (self.first, self.second))
        x = builder.binary(self.kind, (one, other), self.out, activation=self.activation)
        if self.kernel > 1:
            x = spread(builder, rng, x, (0.1, 2), channels=4, kernel=self.kernel)
        return source, x


BINARIES = {
    "add": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5)),
    "add_second_coarser": BinarySpec((0.017, -20), (0.09, 11), (0.08, -4)),
    "add_equal_scales": BinarySpec((0.05, 3), (0.05, -9), (0.05, 5)),
    "add_powers_of_two": BinarySpec((0.5, 0), (0.125, 1), (1.0, 0)),
    "add_nearly_equal_scales": BinarySpec((0.05, 0), (0.05 * (1 + 2**-23), 0), (0.1, 0)),
    "add_extreme_ratio": BinarySpec((0.05, 7), (1.0e-8, 3), (0.05, 7)),
    "add_vanishing_input": BinarySpec((0.05, 7), (1.0e-13, 3), (0.05, 7)),
    "add_zero_points_low": BinarySpec((0.05, -128), (0.07, -128), (0.1, -128)),
    "add_zero_points_high": BinarySpec((0.05, 127), (0.07, 127), (0.1, 127)),
    "add_saturating": BinarySpec((0.5, 40), (0.3, -60), (0.002, 5)),
    "add_saturating_hard": BinarySpec((1.0, 0), (1.0, 0), (2.0**-16, 0)),
    "add_left_of_one": BinarySpec((1.0, 0), (0.7, 0), (2.0**-18 * 0.9, 0)),
    "add_all_to_zero": BinarySpec((0.01, 5), (0.02, -5), (100.0, 9)),
    "add_relu": BinarySpec((0.05, 3), (0.031, -9), (0.04, -100), activation="relu"),
    "add_relu6": BinarySpec((0.05, 3), (0.031, -9), (0.04, -60), activation="relu6"),
    "add_relu_n1_to_1": BinarySpec((0.05, 3), (0.031, -9), (0.02, 5), activation="relu_n1_to_1"),
    "add_one_channel": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5), size=(9, 13, 1)),
    "add_one_pixel": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5), size=(1, 1, 17)),
    "add_before_3x3": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5), kernel=3),
    "add_before_5x5": BinarySpec((0.05, 127), (0.031, -128), (0.07, 5), kernel=5),
}


def _like_add(kind: str, name: str) -> BinarySpec:
    return replace(BINARIES[f"add_{name}" if name else "add"], kind=kind)


_SUBTRACTED = (
    "", "second_coarser", "equal_scales", "powers_of_two", "extreme_ratio", "zero_points_low", "saturating",
    "left_of_one", "relu6", "before_3x3",
)  # fmt: skip
SUBTRACTIONS = {f"sub_{name}" if name else "sub": _like_add("sub", name) for name in _SUBTRACTED}
PRODUCTS = {
    "mul": BinarySpec((0.05, 3), (0.031, -9), (0.05, 5), "mul"),
    "mul_powers_of_two": BinarySpec((0.5, 0), (0.125, 1), (1.0, 0), "mul"),
    "mul_zero_points_low": BinarySpec((0.05, -128), (0.07, -128), (0.9, -128), "mul"),
    "mul_zero_points_apart": BinarySpec((0.05, 127), (0.07, -128), (0.9, 127), "mul"),
    "mul_saturating": BinarySpec((0.5, 40), (0.3, -60), (0.002, 5), "mul"),
    "mul_left_shift": BinarySpec((1.0, 4), (0.9, -6), (0.004, 0), "mul"),
    "mul_all_to_zero": BinarySpec((0.01, 5), (0.02, -5), (1.0e4, 9), "mul"),
    "mul_vanishing": BinarySpec((1.0e-9, 5), (1.0e-9, -5), (1.0, 9), "mul"),
    "mul_relu": BinarySpec((0.05, 3), (0.031, -9), (0.04, -100), "mul", activation="relu"),
    "mul_relu_n1_to_1": BinarySpec((0.05, 3), (0.031, -9), (0.02, 5), "mul", activation="relu_n1_to_1"),
    "mul_one_pixel": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5), "mul", size=(1, 1, 17)),
    "mul_before_5x5": BinarySpec((0.05, 3), (0.031, -9), (0.07, 5), "mul", kernel=5),
}


def _square(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Both inputs are one tensor, which is overwritten; the difference of a tensor and its square."""
    source = builder.activation((1, 6, 5, 3), 0.02, -4)
    x = spread(builder, rng, source, (0.03, 7))
    y = builder.binary("mul", (x, x), (0.06, -30))
    z = builder.binary("sub", (y, source), (0.06, 2))
    return source, spread(builder, rng, z, (0.05, 1), channels=4, kernel=3)


def _squeeze_and_excite(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """A factor a channel, from the mean of the tensor it scales; both die there. Planes with halos."""
    source = builder.activation((1, 6, 5, 3), 0.02, -4)
    x = spread(builder, rng, source, (0.05, 3), channels=7, kernel=3)
    factor = spread(builder, rng, builder.mean(x, (0.04, 5), keep=True), (0.06, -7))
    x = builder.binary("mul", (x, builder.lookup("LOGISTIC", factor, (1 / 256, -128))), (0.03, 9))
    return source, spread(builder, rng, x, (0.05, 1), channels=4, kernel=3)


def _factor_first(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
    """The factor is the first operand, its scale asks for a left shift, and it is used twice."""
    source = builder.activation((1, 4, 3, 5), 0.9, -4)
    factor = builder.pool(source, "max", (4, 3))
    x = builder.binary("mul", (factor, source), (0.3, 2), activation="relu")
    return source, builder.binary("mul", (x, factor), (0.4, -3))


def _add_residual(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Two residual blocks: inputs with a halo and without, results with another one, dying and living inputs."""
    source = builder.activation((1, 8, 9, 3), 0.02, -4)
    x = spread(builder, rng, source, (0.05, -20), channels=6, kernel=3)
    y = spread(builder, rng, x, (0.03, 7), kernel=3)
    y = spread(builder, rng, y, (0.04, 100), kernel=3)
    x = builder.binary("add", (x, y), (0.06, -128), activation="relu")
    y = spread(builder, rng, x, (0.02, 1), kernel=5)
    z = builder.binary("add", (y, x), (0.05, 12))
    return source, builder.binary("add", (x, z), (0.06, -3))


def _add_to_itself(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Both inputs are one tensor, which is also the model's input; the second sum overwrites the first."""
    source = builder.activation((1, 6, 5, 3), 0.02, -4)
    x = builder.binary("add", (source, source), (0.03, 4))
    x = builder.binary("add", (x, x), (0.06, -30))
    return source, spread(builder, rng, x, (0.05, 1), channels=4, kernel=3)


def _add_vectors(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """After a reshape and between dense layers."""
    source = builder.activation((1, 3, 4, 5), 0.02, -4)
    flat = builder.reshape(builder.pool(source, "max", (2, 2), padding="same"), (1, 60))
    x = builder.binary("add", (flat, builder.reshape(source, (1, 60))), (0.05, 0))
    y = builder.fully_connected(x, sparse(rng, (60, 60), 0.3), [0.004], None, (0.06, 3))
    x = builder.binary("add", (y, x), (0.08, 1))
    return source, builder.fully_connected(x, sparse(rng, (7, 60), 0.5), [0.004], None, (0.06, 3))


def _add_one_dimension(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
    """Vectors without a batch dimension."""
    source = builder.activation((1, 24), 0.02, -4)
    x = builder.reshape(source, (24,))
    return source, builder.reshape(builder.binary("add", (x, x), (0.05, 0)), (1, 24))


@dataclass(frozen=True)
class SoftmaxSpec:
    """Softmax over the last dimension."""

    shape: tuple[int, ...]
    scale: float
    zero_point: int = 3
    beta: float = 1.0

    def __call__(self, builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
        source = builder.activation(self.shape, self.scale, self.zero_point)
        return source, builder.softmax(source, self.beta)


SOFTMAXES = {
    "softmax": SoftmaxSpec((1, 10), 0.11),
    "softmax_fine": SoftmaxSpec((1, 10), 0.001),
    "softmax_coarse": SoftmaxSpec((1, 10), 1.7),
    "softmax_capped": SoftmaxSpec((1, 10), 40.0),
    "softmax_tiny_scale": SoftmaxSpec((1, 7), 2.0**-25),
    "softmax_beta": SoftmaxSpec((1, 10), 0.11, beta=0.37),
    "softmax_many": SoftmaxSpec((1, 511), 0.07, zero_point=-128),
    "softmax_two": SoftmaxSpec((1, 2), 0.03),
    "softmax_one": SoftmaxSpec((1, 1), 0.03),
    "softmax_rows": SoftmaxSpec((1, 5, 7), 0.05),
    "softmax_spatial": SoftmaxSpec((1, 3, 5, 4), 0.05),
}


def _softmax_after_dense(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """The end of a classifier: the softmax overwrites its input."""
    source = builder.activation((1, 31), 0.02, -4)
    x = builder.fully_connected(source, sparse(rng, (10, 31), 0.5), [0.004], None, (0.09, 3))
    return source, builder.softmax(x)


def _softmax_with_halos(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Over planes, between convolutions that want halos."""
    source = builder.activation((1, 6, 7, 3), 0.02, -4)
    x = builder.softmax(spread(builder, rng, source, (0.05, 3), channels=5, kernel=3))
    return source, spread(builder, rng, x, (0.01, 1), kernel=3)


ELEMENTWISE: dict[str, Callable[[TfliteBuilder, Rng], tuple[int, int]]] = {
    **BINARIES,
    **SUBTRACTIONS,
    **PRODUCTS,
    "mul_square": _square,
    "mul_factor_a_channel": _squeeze_and_excite,
    "mul_factor_first": _factor_first,
    "add_residual": _add_residual,
    "add_to_itself": _add_to_itself,
    "add_vectors": _add_vectors,
    "add_one_dimension": _add_one_dimension,
    **SOFTMAXES,
    "softmax_after_dense": _softmax_after_dense,
    "softmax_with_halos": _softmax_with_halos,
}

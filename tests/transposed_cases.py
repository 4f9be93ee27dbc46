"""Transposed convolutions: whole models for op_cases.py's table."""

from collections.abc import Callable
from dataclasses import dataclass

from op_specs import Rng, sparse
from tflite_builder import TfliteBuilder


@dataclass(frozen=True)
class TransposedSpec:
    """One transposed convolution; ``out`` overrides the output's height and width."""

    size: tuple[int, int, int]
    filters: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (2, 2)
    padding: str = "same"
    density: float = 0.6
    per_channel: bool = True
    zero_point: int = 3
    bias: bool = True
    out: tuple[int, int] | None = None
    activation: str = "none"

    def __call__(self, builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *self.size), 0.031, self.zero_point)
        weights = sparse(rng, (self.filters, *self.kernel, self.size[2]), self.density)
        scales = rng.uniform(0.002, 0.02, self.filters if self.per_channel else 1)
        bias = rng.integers(-9000, 9000, self.filters) if self.bias else None
        output = builder.transpose_conv(
            source, weights, list(scales), bias, (0.6, -5),
            stride=self.stride, padding=self.padding, size=self.out, activation=self.activation,
        )  # fmt: skip
        return source, output


def _decoder(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Down by a convolution, up again, joined with what came before."""
    source = builder.activation((1, 8, 6, 3), 0.02, -4)
    scales = list(rng.uniform(0.004, 0.01, 7))
    x = builder.conv(source, sparse(rng, (7, 3, 3, 3), 0.5), scales, None, (0.05, -128), stride=(2, 2))
    x = builder.transpose_conv(
        x, sparse(rng, (3, 2, 2, 7), 0.9), [0.01], rng.integers(-99, 99, 3), (0.04, 7), stride=(2, 2)
    )
    x = builder.binary("add", (x, source), (0.06, 1))
    return source, builder.transpose_conv(x, sparse(rng, (2, 3, 3, 3), 0.9), [0.01], None, (0.1, 0))


TRANSPOSED: dict[str, Callable[[TfliteBuilder, Rng], tuple[int, int]]] = {
    "transpose_conv_2x2": TransposedSpec((4, 5, 3), 5, (2, 2)),
    "transpose_conv_3x3": TransposedSpec((4, 5, 3), 5, (3, 3)),
    "transpose_conv_4x4": TransposedSpec((4, 5, 3), 5, (4, 4)),
    "transpose_conv_5x3_stride_3x1": TransposedSpec((4, 5, 2), 3, (5, 3), stride=(3, 1)),
    "transpose_conv_stride_1": TransposedSpec((7, 5, 3), 4, (3, 3), stride=(1, 1)),
    "transpose_conv_valid": TransposedSpec((4, 5, 3), 4, (3, 3), padding="valid"),
    "transpose_conv_valid_1x1": TransposedSpec((4, 5, 3), 4, (1, 1), padding="valid"),
    "transpose_conv_stride_above_kernel": TransposedSpec((3, 4, 3), 4, (2, 1), stride=(3, 2)),
    "transpose_conv_odd_size": TransposedSpec((4, 5, 3), 4, (3, 3), out=(7, 9)),
    "transpose_conv_odd_size_2x2": TransposedSpec((4, 5, 3), 4, (2, 2), out=(7, 9)),
    "transpose_conv_one_pixel": TransposedSpec((1, 1, 7), 4, (4, 4), stride=(4, 4)),
    "transpose_conv_dense": TransposedSpec((4, 4, 5), 8, (3, 3), density=1.0),
    "transpose_conv_per_tensor": TransposedSpec((4, 5, 3), 5, (3, 3), per_channel=False),
    "transpose_conv_no_bias": TransposedSpec((4, 5, 3), 5, (3, 3), bias=False),
    "transpose_conv_zero_point_low": TransposedSpec((4, 5, 3), 5, (3, 3), zero_point=-128),
    "transpose_conv_zero_point_high": TransposedSpec((4, 5, 3), 5, (3, 3), zero_point=127),
    "transpose_conv_relu": TransposedSpec((4, 5, 3), 5, (3, 3), activation="relu"),
    "transpose_conv_decoder": _decoder,
}

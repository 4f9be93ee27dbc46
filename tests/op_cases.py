"""The operator cases every level of the test pyramid runs: NumPy, C on the host, C on an emulated board.

Each case is a whole model; sizes are odd primes where that shows aliasing, accumulators reach saturation and ties.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from depthwise_cases import DEPTHWISES
from elementwise_cases import ELEMENTWISE
from float_end_cases import FLOAT_ENDS
from lookup_cases import LOOKUPS_AND_MEANS
from op_specs import ConvSpec, DenseSpec, PoolSpec, Rng, sparse
from residual_cases import RESIDUALS
from shape_cases import SHAPES
from tflite_builder import TfliteBuilder
from transposed_cases import TRANSPOSED


@dataclass(frozen=True)
class OpCase:
    """A model builder with a name; the name seeds what it draws."""

    name: str
    build: Callable[[TfliteBuilder, Rng], tuple[int, int]]

    def model(self) -> bytes:
        builder = TfliteBuilder()
        return builder.finish(*self.build(builder, self.rng()))

    def rng(self) -> Rng:
        return np.random.default_rng(zlib.crc32(self.name.encode()))


def case_inputs(case: OpCase, count: int, random_samples: int = 4) -> np.ndarray:
    """int8 (samples, count): both ends of the range, alternating ends, and random samples."""
    ends = [np.full(count, -128), np.full(count, 127), np.where(np.arange(count) % 2, 127, -128)]
    rng = np.random.default_rng(zlib.crc32(b"inputs " + case.name.encode()))
    return np.array([*ends, *rng.integers(-128, 128, (random_samples, count))], np.int8)


CONVS = {
    "conv_3x3_same": ConvSpec((7, 11, 3), 5, (3, 3)),
    "conv_3x3_valid": ConvSpec((7, 11, 3), 5, (3, 3), padding="valid"),
    "conv_1x1": ConvSpec((5, 3, 13), 7, (1, 1)),
    "conv_5x3_stride_2x1": ConvSpec((11, 7, 2), 3, (5, 3), stride=(2, 1)),
    "conv_stride_2_even": ConvSpec((8, 8, 3), 5, (3, 3), stride=(2, 2)),
    "conv_stride_3_valid": ConvSpec((13, 11, 2), 3, (3, 2), stride=(3, 3), padding="valid"),
    "conv_stride_above_kernel": ConvSpec((11, 13, 2), 3, (2, 2), stride=(3, 5)),
    "conv_dilated_same": ConvSpec((11, 13, 3), 4, (3, 3), dilation=(2, 3)),
    "conv_dilated_valid": ConvSpec((13, 11, 2), 3, (3, 3), dilation=(3, 2), padding="valid"),
    "conv_even_kernel": ConvSpec((7, 7, 2), 3, (4, 2)),
    "conv_kernel_above_input": ConvSpec((3, 2, 2), 3, (7, 5)),
    "conv_whole_input": ConvSpec((5, 7, 3), 4, (5, 7), padding="valid"),
    "conv_one_channel": ConvSpec((9, 17, 1), 1, (3, 3)),
    "conv_one_pixel": ConvSpec((1, 1, 7), 5, (1, 1)),
    "conv_one_pixel_3x3": ConvSpec((1, 1, 7), 5, (3, 3)),
    "conv_one_row": ConvSpec((1, 31, 3), 4, (1, 5)),
    "conv_one_column": ConvSpec((31, 1, 3), 4, (5, 1)),
    "conv_wide": ConvSpec((3, 67, 2), 3, (3, 3), density=0.2),
    "conv_width_8": ConvSpec((5, 8, 3), 4, (3, 3)),
    "conv_width_9": ConvSpec((5, 9, 3), 4, (3, 3)),
    "conv_dense": ConvSpec((7, 7, 5), 6, (3, 3), density=1.0),
    "conv_sparse_98": ConvSpec((9, 9, 29), 31, (3, 3), density=0.02, out_scale=0.05),
    "conv_empty": ConvSpec((5, 5, 3), 4, (3, 3), density=0.0, out_scale=0.01),
    "conv_long_gaps": ConvSpec((3, 3, 131), 3, (3, 3), density=0.003, out_scale=0.02),
    "conv_per_tensor": ConvSpec((7, 11, 3), 5, (3, 3), per_channel=False),
    "conv_no_bias": ConvSpec((7, 5, 3), 5, (3, 3), bias=False),
    "conv_relu": ConvSpec((7, 5, 3), 5, (3, 3), activation="relu", out_scale=0.1),
    "conv_relu6": ConvSpec((7, 5, 3), 5, (3, 3), activation="relu6", out_scale=0.05),
    "conv_relu_n1_to_1": ConvSpec((7, 5, 3), 5, (3, 3), activation="relu_n1_to_1", out_scale=0.05),
    "conv_zero_point_low": ConvSpec((7, 5, 3), 5, (3, 3), zero_point=-128),
    "conv_zero_point_high": ConvSpec((7, 5, 3), 5, (3, 3), zero_point=127),
    "conv_grouped": ConvSpec((7, 11, 6), 9, (3, 3), groups=3),
    "conv_grouped_strided": ConvSpec((8, 9, 10), 4, (3, 2), stride=(2, 2), groups=2, per_channel=False),
    "conv_saturating": ConvSpec((5, 5, 3), 4, (3, 3), density=1.0, out_scale=0.001),
}


def _conv_ties(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Powers of two: many accumulators lie exactly between two outputs, on both sides of zero."""
    source = builder.activation((1, 7, 9, 2), 0.5, 0)
    weights = sparse(rng, (6, 3, 3, 2), 0.4)
    scales = [2.0**-power for power in (1, 3, 5, 7, 9, 11)]
    return source, builder.conv(source, weights, scales, rng.integers(-4, 5, 6), (1.0, 0))


def _conv_large_accumulators(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Biases near the ends of int32, scaled back into int8; right shifts up to 31 and vanishing multipliers."""
    source = builder.activation((1, 5, 9, 2), 1.0, -7)
    weights = sparse(rng, (8, 3, 3, 2), 0.5)
    room = (1 << 31) - 1 - 255 * 127 * 20
    bias = np.array([room, -room, room // 2, -room // 2, 1 << 30, -(1 << 30), room, -room])
    scales = [2.0**-25, 2.0**-25, 3.1e-8, 3.1e-8, 2.0**-24, 2.0**-24, 2.0**-31, 2.0**-40]
    return source, builder.conv(source, weights, scales, bias, (1.0, 11))


def _conv_left_shifts(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Effective scales from just below 1 to 64."""
    source = builder.activation((1, 5, 9, 2), 1.0, 0)
    weights = np.sign(sparse(rng, (7, 3, 3, 2), 0.2))
    scales = [1.0 - 2.0**-24, 1.0, 1.0 + 2.0**-23, 1.5, 3.0, 17.3, 64.0]
    return source, builder.conv(source, weights, scales, rng.integers(-20, 20, 7), (1.0, 0))


def _conv_mixed_shifts(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Right shifts of 1 to 30 in one layer, biases to match."""
    count = 30
    source = builder.activation((1, 3, 11, 2), 1.0, 5)
    weights = sparse(rng, (count, 3, 3, 2), 0.3)
    bias = np.array([int(rng.integers(-90, 91)) << min(power, 22) for power in range(count)])
    scales = [0.77 * 2.0**-power for power in range(count)]
    return source, builder.conv(source, weights, scales, bias, (1.0, -1))


DENSES = {
    "dense_per_channel": DenseSpec((1, 97), 13),
    "dense_per_tensor": DenseSpec((1, 97), 13, per_channel=False),
    "dense_no_bias": DenseSpec((1, 31), 7, bias=False),
    "dense_per_tensor_no_bias": DenseSpec((1, 31), 7, bias=False, per_channel=False),
    "dense_one_output": DenseSpec((1, 53), 1),
    "dense_one_input": DenseSpec((1, 1), 5, density=1.0),
    "dense_spatial_input": DenseSpec((1, 3, 5, 7), 11),
    "dense_sparse_98": DenseSpec((1, 1024), 17, density=0.02),
    "dense_relu6": DenseSpec((1, 61), 9, activation="relu6"),
    "dense_zero_point_high": DenseSpec((1, 61), 9, zero_point=127),
}


_POOLS = {
    "2x2": ((8, 6, 3), (2, 2), (2, 2), "valid"),
    "3x3_stride_2_same": ((7, 9, 5), (3, 3), (2, 2), "same"),
    "3x2_stride_1_same": ((5, 7, 2), (3, 2), (1, 1), "same"),
    "whole": ((5, 7, 3), (5, 7), (1, 1), "valid"),
    "kernel_above_input": ((2, 3, 2), (5, 5), (1, 1), "same"),
    "leftover": ((7, 8, 2), (2, 3), (2, 3), "valid"),
    "one_channel": ((9, 11, 1), (2, 2), (1, 1), "valid"),
}
POOLS = {
    f"{kind}_pool_{name}": PoolSpec(kind, *spec) for kind in ("average", "max") for name, spec in _POOLS.items()
} | {
    "average_pool_relu6": PoolSpec("average", (4, 4, 3), (2, 2), (2, 2), activation="relu6"),
    "max_pool_relu": PoolSpec("max", (4, 4, 3), (2, 2), (2, 2), activation="relu"),
}


def _network(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Convolutions, pools, flatten and dense layers: a small classifier."""
    source = builder.activation((1, 12, 12, 3), 0.02, -4)
    scales, bias = list(rng.uniform(0.004, 0.01, 8)), rng.integers(-50, 50, 8)
    x = builder.conv(source, sparse(rng, (8, 3, 3, 3), 0.3), scales, bias, (0.05, -128), activation="relu")
    x = builder.pool(x, "max", (2, 2), stride=(2, 2))
    scales, bias = list(rng.uniform(0.004, 0.01, 11)), rng.integers(-50, 50, 11)
    weights = sparse(rng, (11, 3, 3, 8), 0.2)
    x = builder.conv(x, weights, scales, bias, (0.06, -128), stride=(2, 2), activation="relu")
    x = builder.pool(x, "average", (2, 2), padding="same")
    x = builder.reshape(x, (1, 99))
    scales = list(rng.uniform(0.003, 0.01, 17))
    x = builder.fully_connected(x, sparse(rng, (17, 99), 0.2), scales, None, (0.07, -128), activation="relu")
    return source, builder.fully_connected(x, sparse(rng, (10, 17), 0.9), [0.006], rng.integers(-90, 90, 10), (0.1, 7))


def _spatial_output(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Ends with planes of several channels, through reshapes that no layer absorbs."""
    source = builder.activation((1, 60), 0.1, 2)
    x = builder.reshape(source, (1, 4, 5, 3))
    x = builder.conv(x, sparse(rng, (6, 3, 3, 3), 0.5), [0.01], rng.integers(-50, 50, 6), (0.3, 1))
    x = builder.reshape(x, (1, 2, 10, 6))
    x = builder.conv(x, sparse(rng, (5, 2, 3, 6), 0.5), list(rng.uniform(0.004, 0.01, 5)), None, (0.3, -1))
    return source, builder.reshape(x, (1, 10, 2, 5))


def _two_readers(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """One tensor with a halo for a layer nobody reads, flattened for one that matters."""
    source = builder.activation((1, 6, 5, 2), 0.1, 2)
    x = builder.conv(source, sparse(rng, (3, 3, 3, 2), 0.5), [0.01], None, (0.2, 1))
    builder.conv(x, sparse(rng, (4, 5, 5, 3), 0.5), [0.01], None, (0.2, 1))
    x = builder.pool(x, "max", (3, 3), stride=(1, 1), padding="same")
    return source, builder.fully_connected(
        builder.reshape(x, (1, 90)), sparse(rng, (7, 90), 0.4), [0.01], None, (0.5, 0)
    )


def _reshape_only(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
    source = builder.activation((1, 3, 5, 2), 0.1, 2)
    return source, builder.reshape(source, (1, 30))


CASES: tuple[OpCase, ...] = tuple(
    OpCase(name, build)
    for name, build in {
        **CONVS,
        "conv_ties": _conv_ties,
        "conv_large_accumulators": _conv_large_accumulators,
        "conv_left_shifts": _conv_left_shifts,
        "conv_mixed_shifts": _conv_mixed_shifts,
        **DEPTHWISES,
        **TRANSPOSED,
        **DENSES,
        **POOLS,
        **ELEMENTWISE,
        **RESIDUALS,
        **LOOKUPS_AND_MEANS,
        **SHAPES,
        **FLOAT_ENDS,
        "network": _network,
        "spatial_output": _spatial_output,
        "two_readers": _two_readers,
        "reshape_only": _reshape_only,
    }.items()
)

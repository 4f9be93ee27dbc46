"""Cases of DEPTHWISE_CONV_2D; op_cases.py adds them to its table."""

import numpy as np
from op_specs import DepthwiseSpec, Rng, sparse
from tflite_builder import TfliteBuilder


def _ties(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Powers of two: many accumulators lie exactly between two outputs, on both sides of zero."""
    source = builder.activation((1, 7, 9, 3), 0.5, 0)
    scales = [2.0**-power for power in (1, 3, 5, 7, 9, 11)]
    return source, builder.depthwise(source, sparse(rng, (3, 3, 6), 0.6), scales, rng.integers(-4, 5, 6), (1.0, 0))


def _large_accumulators(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Biases near the ends of int32, scaled back into int8; right shifts up to 31 and vanishing multipliers."""
    source = builder.activation((1, 5, 9, 4), 1.0, -7)
    room = (1 << 31) - 1 - 255 * 127 * 10
    bias = np.array([room, -room, room // 2, -room // 2, 1 << 30, -(1 << 30), room, -room])
    scales = [2.0**-25, 2.0**-25, 3.1e-8, 3.1e-8, 2.0**-24, 2.0**-24, 2.0**-31, 2.0**-40]
    return source, builder.depthwise(source, sparse(rng, (3, 3, 8), 0.7), scales, bias, (1.0, 11))


def _left_shifts(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Effective scales from just below 1 to 64."""
    source = builder.activation((1, 5, 9, 7), 1.0, 0)
    weights = np.sign(sparse(rng, (3, 3, 7), 0.3))
    scales = [1.0 - 2.0**-24, 1.0, 1.0 + 2.0**-23, 1.5, 3.0, 17.3, 64.0]
    return source, builder.depthwise(source, weights, scales, rng.integers(-20, 20, 7), (1.0, 0))


def _separable(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """Depthwise and pointwise layers with halos between them, strides of 2 at even and odd sizes."""
    source = builder.activation((1, 12, 10, 3), 0.02, -4)
    x, channels = source, 3
    for filters, stride in ((8, 1), (12, 2), (10, 2)):
        scales = list(rng.uniform(0.004, 0.01, channels))
        weights, bias = sparse(rng, (3, 3, channels), 1.0), rng.integers(-90, 90, channels)
        x = builder.depthwise(x, weights, scales, bias, (0.05, -128), stride=(stride, stride), activation="relu")
        weights, bias = sparse(rng, (filters, 1, 1, channels), 0.8), rng.integers(-90, 90, filters)
        x = builder.conv(x, weights, list(rng.uniform(0.004, 0.01, filters)), bias, (0.05, -128), activation="relu6")
        channels = filters
    return source, builder.pool(x, "average", (3, 3))


DEPTHWISES = {
    "depthwise_3x3_same": DepthwiseSpec((7, 11, 5), 1, (3, 3)),
    "depthwise_3x3_valid": DepthwiseSpec((7, 11, 5), 1, (3, 3), padding="valid"),
    "depthwise_multiplier_3": DepthwiseSpec((7, 11, 5), 3, (3, 3)),
    "depthwise_one_channel_multiplier_7": DepthwiseSpec((9, 17, 1), 7, (3, 2)),
    "depthwise_one_channel": DepthwiseSpec((9, 17, 1), 1, (3, 3)),
    "depthwise_stride_2_even": DepthwiseSpec((8, 8, 5), 1, (3, 3), stride=(2, 2)),
    "depthwise_stride_2_odd": DepthwiseSpec((13, 23, 3), 2, (3, 3), stride=(2, 2)),
    "depthwise_stride_3x1_valid": DepthwiseSpec((13, 11, 3), 1, (3, 2), stride=(3, 1), padding="valid"),
    "depthwise_stride_above_kernel": DepthwiseSpec((11, 13, 3), 1, (2, 2), stride=(3, 5)),
    "depthwise_dilated_same": DepthwiseSpec((11, 13, 3), 2, (3, 3), dilation=(2, 3)),
    "depthwise_dilated_valid": DepthwiseSpec((13, 11, 3), 1, (3, 3), dilation=(3, 2), padding="valid"),
    "depthwise_5x7": DepthwiseSpec((11, 13, 3), 1, (5, 7)),
    "depthwise_even_kernel": DepthwiseSpec((7, 7, 3), 1, (4, 2)),
    "depthwise_kernel_above_input": DepthwiseSpec((3, 2, 5), 1, (7, 5)),
    "depthwise_whole_input": DepthwiseSpec((5, 7, 11), 1, (5, 7), padding="valid"),
    "depthwise_whole_input_multiplier_2": DepthwiseSpec((3, 3, 4), 2, (3, 3), padding="valid"),
    "depthwise_one_pixel": DepthwiseSpec((1, 1, 13), 1, (1, 1)),
    "depthwise_one_pixel_3x3": DepthwiseSpec((1, 1, 13), 2, (3, 3)),
    "depthwise_one_row": DepthwiseSpec((1, 31, 3), 1, (1, 5)),
    "depthwise_1x1": DepthwiseSpec((5, 9, 7), 2, (1, 1)),
    "depthwise_sparse": DepthwiseSpec((9, 9, 29), 1, (5, 5), density=0.05),
    "depthwise_empty": DepthwiseSpec((5, 5, 3), 1, (3, 3), density=0.0),
    "depthwise_per_tensor": DepthwiseSpec((7, 11, 5), 2, (3, 3), per_channel=False),
    "depthwise_no_bias": DepthwiseSpec((7, 5, 3), 1, (3, 3), bias=False),
    "depthwise_relu": DepthwiseSpec((7, 5, 3), 1, (3, 3), activation="relu", out_scale=0.1),
    "depthwise_relu6": DepthwiseSpec((7, 5, 3), 1, (3, 3), activation="relu6", out_scale=0.05),
    "depthwise_zero_point_low": DepthwiseSpec((7, 5, 3), 1, (3, 3), zero_point=-128),
    "depthwise_zero_point_high": DepthwiseSpec((7, 5, 3), 1, (3, 3), zero_point=127),
    "depthwise_saturating": DepthwiseSpec((5, 5, 3), 1, (3, 3), density=1.0, out_scale=0.001),
    "depthwise_ties": _ties,
    "depthwise_large_accumulators": _large_accumulators,
    "depthwise_left_shifts": _left_shifts,
    "separable_stack": _separable,
}

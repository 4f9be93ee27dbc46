"""The NumPy oracle's TRANSPOSE_CONV: every input adds its kernel to the output, as the definition says.

Source: tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h; reimplemented.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import requantise, wrap
from firmware_gen.graph import Graph, TransposeConv
from firmware_gen.quantise import activation_range, effective_scale

Int8 = npt.NDArray[np.int8]


def transposed_convolution(graph: Graph, op: TransposeConv, value: Int8) -> Int8:
    """What the operator writes, int8 (height, width, channels); ``value`` has the input's elements."""
    source, weight, output = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    values = value.reshape(source.shape[1:]).astype(np.int64) - source.zero_point
    weights = graph.constant(op.weights).astype(np.int64)
    channels, height, width, _ = weight.shape
    rows, columns, _ = values.shape
    whole = np.zeros(
        (
            max((rows - 1) * op.stride[0] + height, op.cut[0] + output.shape[1]),
            max((columns - 1) * op.stride[1] + width, op.cut[1] + output.shape[2]),
            channels,
        ),
        np.int64,
    )
    for y in range(rows):
        for x in range(columns):
            top, left = y * op.stride[0], x * op.stride[1]
            whole[top : top + height, left : left + width] += np.tensordot(weights, values[y, x], 1).transpose(1, 2, 0)
    sums = whole[op.cut[0] : op.cut[0] + output.shape[1], op.cut[1] : op.cut[1] + output.shape[2]]
    if op.bias is not None:
        sums = sums + graph.constant(op.bias)
    scales = tuple(effective_scale(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    low, high = activation_range(op.activation, output.scales[0], output.zero_point)
    return np.clip(requantise(wrap(sums), scales) + output.zero_point, low, high).astype(np.int8)

"""The elementwise operators of the NumPy oracle.

Source: tensorflow/lite/kernels/internal/reference/integer_ops/add.h; reimplemented.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import Int64, multiply
from firmware_gen.graph import Binary, Graph
from firmware_gen.quantise import activation_range
from firmware_gen.rescale import ADD_LEFT_SHIFT, add_multipliers

Int8 = npt.NDArray[np.int8]


def add(graph: Graph, op: Binary, first: Int8, second: Int8) -> Int8:
    """ADD; both inputs have as many elements as the output."""
    one, other, output = tensors = tuple(graph.tensors[index] for index in (*op.inputs, op.output))
    scales = add_multipliers((one.scales[0], other.scales[0], output.scales[0]), op.kind)
    terms: list[Int64] = []
    for value, tensor, multiplier in zip((first, second), tensors, scales, strict=False):
        shifted = (value.reshape(-1).astype(np.int64) - tensor.zero_point) << ADD_LEFT_SHIFT
        terms.append(multiply(shifted, *multiplier))
    low, high = activation_range(op.activation, output.scales[0], output.zero_point)
    return np.clip(multiply(terms[0] + terms[1], *scales[2]) + output.zero_point, low, high).astype(np.int8)

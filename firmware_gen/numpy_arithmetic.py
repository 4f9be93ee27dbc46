"""The NumPy oracle's operators without weights.

Sources: tensorflow/lite/kernels/internal/reference/{integer_ops/{add,mul},sub,softmax,reduce}.h; reimplemented.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import Int64, divide_by_power, doubling_high_multiply, multiply
from firmware_gen.graph import Arithmetic, Binary, Graph, Lookup, Mean, Softmax, op_name
from firmware_gen.lookup import lookup_table
from firmware_gen.quantise import activation_range
from firmware_gen.rescale import ADD_LEFT_SHIFT, add_multipliers, mean_multiplier, mul_multiplier
from firmware_gen.softmax import exponentials
from firmware_gen.transcendental import one_over_one_plus

Int8 = npt.NDArray[np.int8]
_SUM_BITS = 12  # integer bits of the sum of exponentials


def arithmetic(graph: Graph, op: Arithmetic, values: dict[int, Int8]) -> Int8:
    """What an operator writes, given the tensors written before it."""
    if isinstance(op, Softmax):
        return _softmax(graph, op, values[op.input])
    if isinstance(op, Mean):
        return _mean(graph, op, values[op.input])
    if isinstance(op, Lookup):
        table = lookup_table(op, graph.tensors[op.input], graph.tensors[op.output], op.kind)
        mapped: Int8 = table[values[op.input].astype(np.int64) + 128]
        return mapped
    combine = _mul if op.kind == "MUL" else _add
    return combine(graph, op, values[op.inputs[0]], values[op.inputs[1]])


def _add(graph: Graph, op: Binary, first: Int8, second: Int8) -> Int8:
    """ADD and SUB; both inputs have as many elements as the output."""
    one, other, output = tensors = tuple(graph.tensors[index] for index in (*op.inputs, op.output))
    scales = add_multipliers((one.scales[0], other.scales[0], output.scales[0]), op.kind)
    terms: list[Int64] = []
    for value, tensor, multiplier in zip((first, second), tensors, scales, strict=False):
        shifted = (value.reshape(-1).astype(np.int64) - tensor.zero_point) << ADD_LEFT_SHIFT
        terms.append(multiply(shifted, *multiplier))
    low, high = activation_range(op.activation, output.scales[0], output.zero_point)
    total = terms[0] - terms[1] if op.kind == "SUB" else terms[0] + terms[1]
    return np.clip(multiply(total, *scales[2]) + output.zero_point, low, high).astype(np.int8)


def _mul(graph: Graph, op: Binary, first: Int8, second: Int8) -> Int8:
    """MUL; the second input has as many elements as the output, or one a channel."""
    one, other, output = (graph.tensors[index] for index in (*op.inputs, op.output))
    scale = mul_multiplier((one.scales[0], other.scales[0], output.scales[0]), op.kind)
    factors = (
        value.reshape(tensor.hwc).astype(np.int64) - tensor.zero_point
        for value, tensor in ((first, one), (second, other))
    )
    low, high = activation_range(op.activation, output.scales[0], output.zero_point)
    return np.clip(multiply(next(factors) * next(factors), *scale) + output.zero_point, low, high).astype(np.int8)


def _softmax(graph: Graph, op: Softmax, value: Int8) -> Int8:
    """SOFTMAX over the last dimension."""
    source = graph.tensors[op.input]
    rows = value.reshape(-1, source.shape[-1]).astype(np.int64)
    table = np.zeros(256, np.int64)
    known = exponentials(op.beta, source.scales[0], op_name(op))
    table[: len(known)] = known
    terms = table[rows.max(axis=1, keepdims=True) - rows]
    sums = divide_by_power(terms, _SUM_BITS).sum(axis=1, keepdims=True)
    leading = 31 - np.floor(np.log2(sums)).astype(np.int64)  # zeros before the first bit of 32
    scale = one_over_one_plus((sums << leading) - (1 << 31))
    scaled = divide_by_power(doubling_high_multiply(terms, scale), _SUM_BITS - leading + 31 - 8)
    return np.clip(scaled - 128, -128, 127).astype(np.int8)


def _mean(graph: Graph, op: Mean, value: Int8) -> Int8:
    """MEAN over height and width."""
    source, output = graph.tensors[op.input], graph.tensors[op.output]
    rows = value.reshape(-1, source.shape[-1]).astype(np.int64) - source.zero_point
    scale = mean_multiplier(source.scales[0], output.scales[0], len(rows), op_name(op))
    return np.clip(multiply(rows.sum(axis=0), *scale) + output.zero_point, -128, 127).astype(np.int8)

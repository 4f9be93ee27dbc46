"""What TensorFlow Lite Micro's int8 reference kernels compute, in NumPy; slow, exact, independent of the C runtime.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/{conv,depthwise_conv,fully_connected,pooling}.h and
gemmlowp's fixed point (double rounding); reimplemented. The tests hold it against TensorFlow Lite Micro itself.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import Int64, requantise, wrap
from firmware_gen.graph import (
    Activation,
    Arithmetic,
    Conv2D,
    FullyConnected,
    Graph,
    Pool,
    Rearrange,
    Tensor,
    TransposeConv,
    Window,
    inputs_of,
)
from firmware_gen.numpy_arithmetic import arithmetic
from firmware_gen.numpy_rearrange import rearrange
from firmware_gen.numpy_transposed import transposed_convolution
from firmware_gen.quantise import (
    activation_range,
    effective_scale,
    effective_scale_fully_connected,
)

Int8 = npt.NDArray[np.int8]


def _finish(values: Int64, output: Tensor, activation: Activation, offset: int) -> Int8:
    low, high = activation_range(activation, output.scales[0], output.zero_point)
    return np.clip(values + offset, low, high).astype(np.int8)


def _positions(window: Window, size: tuple[int, int]) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """Kernel positions with the slices of the padded input that they see at every output position."""
    for ky in range(window.kernel[0]):
        for kx in range(window.kernel[1]):
            top, left = ky * window.dilation[0], kx * window.dilation[1]
            bottom = top + (size[0] - 1) * window.stride[0] + 1
            right = left + (size[1] - 1) * window.stride[1] + 1
            yield ky, kx, (slice(top, bottom, window.stride[0]), slice(left, right, window.stride[1]))


def _pad(values: Int64, window: Window, fill: int) -> Int64:
    edges = ((window.padding.top, window.padding.bottom), (window.padding.left, window.padding.right), (0, 0))
    return np.pad(values, edges, constant_values=fill)


def _product(values: Int64, weights: Int8) -> Int64:
    """Exact matrix product; float64 holds every sum of fewer than 2**37 int8 products."""
    return (values.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)


def _grouped_product(values: Int64, weights: Int8, groups: int) -> Int64:
    """Each group of channels of ``values`` (h, w, inputs) times its rows of ``weights`` (outputs, inputs / groups)."""
    height, width, _ = values.shape
    left = values.reshape(height * width, groups, -1).swapaxes(0, 1)
    right = weights.reshape(groups, len(weights) // groups, -1).swapaxes(1, 2)
    return _product(left, right).swapaxes(0, 1).reshape(height, width, -1)


def _conv(graph: Graph, op: Conv2D, value: Int8) -> Int8:
    source, weight, output = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    padded = _pad(value.reshape(source.shape[1:]).astype(np.int64) - source.zero_point, op.window, 0)
    weights = graph.constant(op.weights)
    sums = np.zeros(output.shape[1:], np.int64)
    for ky, kx, seen in _positions(op.window, (output.shape[1], output.shape[2])):
        sums += _grouped_product(padded[seen], weights[:, ky, kx, :], op.groups)
    if op.bias is not None:
        sums += graph.constant(op.bias)
    scales = tuple(effective_scale(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    return _finish(requantise(wrap(sums), scales), output, op.activation, output.zero_point)


def _fully_connected(graph: Graph, op: FullyConnected, value: Int8) -> Int8:
    source, weight, output = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    sums = _product(value.reshape(-1).astype(np.int64) - source.zero_point, graph.constant(op.weights).T)
    if op.bias is not None:
        sums = sums + graph.constant(op.bias)
    product = effective_scale if len(weight.scales) > 1 else effective_scale_fully_connected
    scales = tuple(product(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    return _finish(requantise(wrap(sums), scales), output, op.activation, output.zero_point)


def _max_pool(padded: Int64, present: Int64, op: Pool, size: tuple[int, int]) -> Int64:
    best = np.full((*size, padded.shape[2]), -128, np.int64)
    for _, _, seen in _positions(op.window, size):
        best = np.where(present[seen] > 0, np.maximum(best, padded[seen]), best)
    return best


def _average_pool(padded: Int64, present: Int64, op: Pool, size: tuple[int, int]) -> Int64:
    """Mean over the positions inside the input, ties away from zero."""
    sums = np.zeros((*size, padded.shape[2]), np.int64)
    counts = np.zeros((*size, 1), np.int64)
    for _, _, seen in _positions(op.window, size):
        sums += padded[seen]
        counts += present[seen]
    rounded: Int64 = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
    return rounded


def _pool(graph: Graph, op: Pool, value: Int8) -> Int8:
    source, output = graph.tensors[op.input], graph.tensors[op.output]
    padded = _pad(value.reshape(source.shape[1:]).astype(np.int64), op.window, 0)
    present = _pad(np.ones((*source.shape[1:3], 1), np.int64), op.window, 0)
    pool = _max_pool if op.kind == "max" else _average_pool
    pooled = pool(padded, present, op, (output.shape[1], output.shape[2]))
    return _finish(pooled, output, op.activation, 0)


def run_graph(graph: Graph, value: Int8) -> Int8:
    """One inference.

    Args:
        graph: the model.
        value: int8, as many elements as the model's input, NHWC.

    Returns:
        int8 in the model's output shape.
    """
    return run_values(graph, value)[graph.output].reshape(graph.tensors[graph.output].shape)


def run_values(graph: Graph, value: Int8) -> dict[int, Int8]:
    """The same, with every activation on the way.

    Returns:
        int8 arrays by tensor; their shapes may lack the batch or be flat.
    """
    values: dict[int, Int8] = {graph.input: value}
    for op in graph.ops:
        current = values[inputs_of(op)[0]]
        if isinstance(op, Conv2D):
            values[op.output] = _conv(graph, op, current)
        elif isinstance(op, TransposeConv):
            values[op.output] = transposed_convolution(graph, op, current)
        elif isinstance(op, FullyConnected):
            values[op.output] = _fully_connected(graph, op, current)
        elif isinstance(op, Pool):
            values[op.output] = _pool(graph, op, current)
        elif isinstance(op, Arithmetic):
            values[op.output] = arithmetic(graph, op, values)
        elif isinstance(op, Rearrange):
            values[op.output] = rearrange(graph, op, values)
        else:
            values[op.output] = current
    return values

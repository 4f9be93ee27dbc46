"""From operators to calls into the runtime."""

import numpy as np
import numpy.typing as npt

from firmware_gen.encodings import encode_dense
from firmware_gen.graph import (
    Arithmetic,
    Conv2D,
    FullyConnected,
    Graph,
    Op,
    Padding,
    Pool,
    Rearrange,
    Reshape,
    Tensor,
    Window,
    op_name,
)
from firmware_gen.passes.arithmetic import lower_arithmetic
from firmware_gen.passes.layout import lay_out
from firmware_gen.passes.outputs import output_range as _range
from firmware_gen.passes.outputs import plain_layer
from firmware_gen.passes.outputs import where as _where
from firmware_gen.passes.rearrange import lower_rearrange
from firmware_gen.passes.storage import Storage
from firmware_gen.problems import Problems
from firmware_gen.program import MAX_UINT16, ConvCall, Layer, Plane, PoolCall, Program, make_plane
from firmware_gen.quantise import effective_scale, effective_scale_fully_connected, fold
from host_bridge.errors import UserError

_MAX_KERNEL = 255


def lower(graph: Graph, model: Graph) -> Program:
    """Turn a graph into buffers and calls; weights are dense and scratch buffers empty as yet.

    Args:
        graph: what is to be computed.
        model: the same operators before channels were dropped, for reports.

    Raises:
        ModelProblemsError: layers are beyond what the runtime addresses or computes exactly; names them all.
    """
    storage = Storage(graph, lay_out(graph), model)
    problems = Problems()
    for op in graph.ops:
        with problems.gather():
            _lower(storage, op)
        if not storage.is_written(op.output):
            storage.written(op.output)  # for the next one's sake; what was refused leaves no program
    problems.check()
    output = storage.nhwc(graph.output)
    sizes = graph.tensors[graph.input].elements, graph.tensors[graph.output].elements
    return Program(tuple(storage.buffers), tuple(storage.calls), 0, output, *sizes)


def _lower(storage: Storage, op: Op) -> None:
    """The calls of one operator."""
    if isinstance(op, Conv2D):
        _conv(storage, op)
    elif isinstance(op, FullyConnected):
        _fully_connected(storage, op)
    elif isinstance(op, Pool):
        _pool(storage, op)
    elif isinstance(op, Arithmetic):
        lower_arithmetic(storage, op)
    elif isinstance(op, Rearrange):
        lower_rearrange(storage, op)
    elif not isinstance(op, Reshape):
        raise TypeError(op)


def _conv(storage: Storage, op: Conv2D) -> None:
    graph = storage.graph
    weights = graph.constant(op.weights)
    rows = np.ascontiguousarray(weights.transpose(0, 3, 1, 2)).reshape(len(weights), -1)
    tensors = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    source, weight, output = tensors
    scales = tuple(effective_scale(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    _emit(storage, op, rows, scales, source=storage.planar(op.input), window=op.window, groups=op.groups)


def _fully_connected(storage: Storage, op: FullyConnected) -> None:
    graph = storage.graph
    source, weight, output = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    product = effective_scale if len(weight.scales) > 1 else effective_scale_fully_connected
    scales = tuple(product(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    buffer, plane, permutation = _flat_view(storage, op)
    rows = graph.constant(op.weights)[:, permutation]
    window = Window((plane.height, plane.width), (1, 1), (1, 1), Padding())
    _emit(storage, op, np.ascontiguousarray(rows), scales, source=(buffer, plane), window=window)


def _flat_view(storage: Storage, op: FullyConnected) -> tuple[int, Plane, npt.NDArray[np.intp]]:
    """How a fully connected layer sees its input: buffer, plane, and the model's column for each of its weights.

    Bytes without a halo are one vector, which is cheapest; otherwise the kernel is as large as the plane.
    """
    graph = storage.graph
    tensor = graph.tensors[op.input]
    count = tensor.elements
    columns = np.arange(count)
    if not storage.has_nhwc(op.input):
        buffer, plane = storage.native(op.input)
        permutation = columns.reshape(plane.height, plane.width, plane.channels).transpose(2, 0, 1).reshape(-1)
        if plane.bytes == count and count <= MAX_UINT16:
            return buffer, _vector(tensor, count), permutation
        if max(plane.height, plane.width) <= _MAX_KERNEL:
            return buffer, plane, permutation
    if count > MAX_UINT16:
        raise UserError(f"{_where(graph, op)} has {count} inputs; at most {MAX_UINT16} are supported, pool first")
    return storage.nhwc(op.input), _vector(tensor, count), columns


def _vector(tensor: Tensor, count: int) -> Plane:
    return make_plane((1, 1, count), Padding(), tensor.zero_point, f"tensor {tensor.index} '{tensor.label}'")


def _emit(
    storage: Storage,
    op: Conv2D | FullyConnected,
    rows: npt.NDArray[np.int8],
    scales: tuple[float, ...],
    *,
    source: tuple[int, Plane],
    window: Window,
    groups: int = 1,
) -> None:
    graph = storage.graph
    where = _where(graph, op)
    bias = None if op.bias is None else graph.constant(op.bias)
    requant = fold(rows, bias, graph.tensors[op.input].zero_point, scales, where)
    target, plane = storage.written(op.output)
    output = graph.tensors[op.output]
    kept = np.count_nonzero(rows, axis=1)
    layer = _layer(storage, op, plane.height * plane.width * int(kept.sum()))
    scratch = storage.add(f"scratch of {output.label}", 0)  # its size follows from the encoding
    storage.calls.append(
        ConvCall(
            layer, source[0], target, scratch, source[1], plane, window, rows, encode_dense(rows), requant,
            _range(graph, op, op.activation), groups,
        )
    )  # fmt: skip


def _layer(storage: Storage, op: Conv2D | FullyConnected, macs_kept: int) -> Layer:
    """Report entry with the sizes that the layer has in the model."""
    output, whole = storage.model.tensors[op.output], storage.model_ops[op.output]
    if not isinstance(whole, Conv2D | FullyConnected):
        raise TypeError(whole)
    weights = storage.model.constant(whole.weights)
    dropped = len(weights) - len(storage.graph.constant(op.weights))
    macs = weights.size * (output.elements // len(weights))
    counts = weights.size, int(np.count_nonzero(weights))
    return Layer(output.label, op_name(op), output.shape, macs, macs_kept, *counts, dropped, op.output)


def _pool(storage: Storage, op: Pool) -> None:
    graph = storage.graph
    source, source_plane = storage.planar(op.input)
    target, plane = storage.written(op.output)
    layer = plain_layer(storage.model, op)
    activation = _range(graph, op, op.activation)
    storage.calls.append(PoolCall(layer, source, target, source_plane, plane, op.kind, op.window, activation))

"""Turn transposed convolutions into convolutions over their input, spread out by the stride.

Between the inputs lie zero points, which add nothing, so the sums are those of the definition: with the kernel turned
round, output y reads the spread input from y - (kernel - 1 - cut) on.
"""

from dataclasses import replace

import numpy as np

from firmware_gen.graph import (
    Conv2D,
    Graph,
    Op,
    Padding,
    Part,
    Rearrange,
    Run,
    Tensor,
    TransposeConv,
    Window,
)


def spread_transposed(graph: Graph) -> Graph:
    """The graph with a rearrangement and a convolution for each transposed convolution."""
    tensors = dict(graph.tensors)
    ops: list[Op] = []
    for op in graph.ops:
        if isinstance(op, TransposeConv):
            ops += _ops(graph, op, tensors)
        else:
            ops.append(op)
    return replace(graph, tensors=tensors, ops=tuple(ops))


def _ops(graph: Graph, op: TransposeConv, tensors: dict[int, Tensor]) -> list[Op]:
    ops: list[Op] = []
    source = graph.tensors[op.input]
    if op.stride != (1, 1):
        spread = _spread(source, op, tensors)
        ops.append(spread)
        source = tensors[spread.output]
    weight = graph.tensors[op.weights]
    turned = np.ascontiguousarray(graph.constant(op.weights)[:, ::-1, ::-1, :])
    weights = _add(tensors, replace(weight, data=turned))
    _, height, width, _ = weight.shape
    output = graph.tensors[op.output]
    before = height - 1 - op.cut[0], width - 1 - op.cut[1]
    after = [
        max(output.shape[axis + 1] + kernel - 1 - before[axis] - source.shape[axis + 1], 0)
        for axis, kernel in enumerate((height, width))
    ]
    window = Window((height, width), (1, 1), (1, 1), Padding(before[0], after[0], before[1], after[1]))
    ops.append(Conv2D(source.index, op.output, weights, op.bias, window, op.activation, kind="TRANSPOSE_CONV"))
    return ops


def _spread(source: Tensor, op: TransposeConv, tensors: dict[int, Tensor]) -> Rearrange:
    """Copy the input's rows and columns a stride apart."""
    height, width, channels = source.hwc
    (down, along) = op.stride
    shape = (1, (height - 1) * down + 1, (width - 1) * along + 1, channels)
    index = _add(tensors, replace(source, label=f"{source.label} (spread)", shape=shape))
    runs = Run(height, 0, down, 0, 0, 1), Run(width, 0, along, 1, 0, 1), Run(channels, 0, 1, 2, 0, 1)
    return Rearrange(index, (Part(op.input, runs),), "TRANSPOSE_CONV")


def _add(tensors: dict[int, Tensor], tensor: Tensor) -> int:
    index = max(tensors) + 1
    tensors[index] = replace(tensor, index=index)
    return index

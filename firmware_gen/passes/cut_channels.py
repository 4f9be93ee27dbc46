"""Slice a graph's tensors to the channels that stay."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Conv2D, FullyConnected, Graph, Op, Rearrange, Tensor
from firmware_gen.passes.channel_constants import Effect

Needs = Mapping[int, npt.NDArray[np.bool_]]


def cut_channels(graph: Graph, effects: Mapping[int, Effect], needs: Needs) -> Graph:
    """Keep some channels of every activation.

    Args:
        graph: the model.
        effects: by output of every layer, what is left of its weights.
        needs: by activation, bool (channels,): which stay; consistent with every operator.

    Returns:
        A graph whose activations keep their indices; constants that changed get new ones.
    """
    tensors = {index: _cut(tensor, needs.get(index)) for index, tensor in graph.tensors.items()}
    ops = tuple(_op(graph, op, effects, needs, tensors) for op in graph.ops)
    return replace(graph, tensors=tensors, ops=ops)


def rows_needed(needs: Needs, output: int, count: int) -> npt.NDArray[np.bool_]:
    """Which of a layer's ``count`` rows stay; all where its output's channels are not its rows."""
    need = needs[output]
    return need if len(need) == count else np.ones(count, np.bool_)


def _cut(tensor: Tensor, need: npt.NDArray[np.bool_] | None) -> Tensor:
    if need is None or need.all():
        return tensor
    return replace(tensor, shape=(*tensor.shape[:-1], int(need.sum())))


def _op(graph: Graph, op: Op, effects: Mapping[int, Effect], needs: Needs, tensors: dict[int, Tensor]) -> Op:
    if isinstance(op, Rearrange):
        return _rearrange(op, needs[op.output])
    if isinstance(op, Conv2D | FullyConnected):
        return _layer(graph, op, effects[op.output], needs, tensors)
    return op


def _rearrange(op: Rearrange, need: npt.NDArray[np.bool_]) -> Rearrange:
    """Its parts copy all channels where any are cut."""
    if need.all():
        return op
    count = int(need.sum())
    parts = (replace(part, axes=(*part.axes[:2], replace(part.axes[2], count=count))) for part in op.parts)
    return replace(op, parts=tuple(parts))


def _layer(
    graph: Graph, op: Conv2D | FullyConnected, left: Effect, needs: Needs, tensors: dict[int, Tensor]
) -> Conv2D | FullyConnected:
    """The same layer between fewer channels, constant inputs in its bias."""
    rows, columns = rows_needed(needs, op.output, len(left.weights)), needs[op.input]
    weight = graph.tensors[op.weights]
    depthwise = isinstance(op, Conv2D) and op.groups > 1
    kept = left.weights[rows] if depthwise else left.weights[rows][:, :, columns]
    shape = (len(kept), -1) if len(weight.shape) == 2 else (len(kept), *weight.shape[1:3], kept.shape[2])
    scales = tuple(np.array(weight.scales)[rows].tolist()) if len(weight.scales) > 1 else weight.scales
    weights = _constant(tensors, replace(weight, scales=scales), kept.reshape(shape))
    bias = None
    if op.bias is not None:
        bias = _constant(tensors, graph.tensors[op.bias], left.bias[rows].astype(np.int32))
    if isinstance(op, Conv2D):
        groups = int(columns.sum()) if op.groups == len(columns) else op.groups
        return replace(op, weights=weights, bias=bias, groups=groups)
    return replace(op, weights=weights, bias=bias)


def _constant(tensors: dict[int, Tensor], like: Tensor, data: npt.NDArray[np.int8] | npt.NDArray[np.int32]) -> int:
    """A new constant tensor; other operators may share the one it comes from."""
    index = max(tensors) + 1
    tensors[index] = replace(like, index=index, shape=data.shape, data=np.ascontiguousarray(data))
    return index

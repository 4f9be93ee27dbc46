"""Leave out channels that nothing depends on, byte for byte without effect on the output.

A channel without a kept weight is constant. A constant input at the zero point adds nothing to a layer that reads it,
and any constant adds the same to each output of a layer that does not pad, which its bias takes over. So such channels
go, with their requantisation data, their planes and the weights behind them, and with them what only they needed.
"""

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import (
    Conv2D,
    FullyConnected,
    Graph,
    Op,
    Rearrange,
    Reshape,
    Softmax,
    inputs_of,
)
from firmware_gen.passes.channel_constants import Effect, constant_channels, effect, flattened, keeps_channels
from firmware_gen.passes.cut_channels import cut_channels, rows_needed

_LEAST = 2
"""Channels that stay at least: a fully connected layer with one scale multiplies otherwise than one with several."""

Needs = dict[int, npt.NDArray[np.bool_]]


def drop_dead_channels(graph: Graph) -> Graph:
    """The graph without channels that cannot matter; model input and output keep all of theirs.

    Raises:
        UserError: an operator is beyond what the reference computes.
    """
    known = constant_channels(graph)
    layers = [op for op in graph.ops if isinstance(op, Conv2D | FullyConnected)]
    effects = {op.output: effect(graph, op, known[op.input]) for op in layers}
    return cut_channels(graph, effects, _needed(graph, effects))


def _needed(graph: Graph, effects: dict[int, Effect]) -> Needs:
    """By activation, which channels stay: the least set that satisfies every operator."""
    tensors = (graph.input, *(op.output for op in graph.ops))
    needs: Needs = {index: np.zeros(graph.tensors[index].hwc[2], np.bool_) for index in tensors}
    fixed = {graph.input, graph.output, *(op.output for op in graph.ops if _is_folded(graph, op))}
    for index in fixed:
        needs[index][:] = True
    _ask_until_settled(graph, needs, effects)
    for need in needs.values():
        if need.sum() < _LEAST:
            need[:_LEAST] = True
    _ask_until_settled(graph, needs, effects)
    return needs


def _is_folded(graph: Graph, op: Op) -> bool:
    """Whether the last dimension of what an operator writes is not what it counts as channels."""
    output = graph.tensors[op.output]
    folded = isinstance(op, FullyConnected) and output.hwc[2] != output.elements
    return folded or output.shape[-1] != output.hwc[2]


def _ask_until_settled(graph: Graph, needs: Needs, effects: dict[int, Effect]) -> None:
    before = -1
    while (count := sum(int(need.sum()) for need in needs.values())) != before:
        before = count
        for op in reversed(graph.ops):
            _ask(graph, op, needs, effects)


def _ask(graph: Graph, op: Op, needs: Needs, effects: dict[int, Effect]) -> None:
    """Add what one operator asks of its inputs and its output."""
    if isinstance(op, Conv2D | FullyConnected):
        _ask_layer(graph, op, needs, effects[op.output])
    elif isinstance(op, Reshape):
        repeats = flattened(graph, op)
        if repeats is None:
            _ask_all(op, needs)
        else:
            both = needs[op.input] | needs[op.output].reshape(repeats, -1).any(axis=0)
            needs[op.input], needs[op.output] = both, np.tile(both, repeats)
    elif isinstance(op, Softmax) or (isinstance(op, Rearrange) and not keeps_channels(graph, op)):
        _ask_all(op, needs)
    else:
        together = (*inputs_of(op), op.output)
        shared = np.logical_or.reduce([needs[index] for index in together])
        for index in together:
            needs[index] = shared.copy()


def _ask_all(op: Op, needs: Needs) -> None:
    for index in (*inputs_of(op), op.output):
        needs[index] = np.ones_like(needs[index])


def _ask_layer(graph: Graph, op: Conv2D | FullyConnected, needs: Needs, left: Effect) -> None:
    """A layer asks for what its outputs that stay read; a depthwise one keeps inputs and outputs in step."""
    groups = op.groups if isinstance(op, Conv2D) else 1
    channels = graph.tensors[op.input].hwc[2]
    if groups == 1:
        reads = left.weights.any(axis=1) & rows_needed(needs, op.output, len(left.weights))[:, None]
        needs[op.input] = needs[op.input] | reads.any(axis=0)
    elif groups == channels:
        both = needs[op.input] | needs[op.output].reshape(groups, -1).any(axis=1)
        needs[op.input], needs[op.output] = both, np.repeat(both, len(left.weights) // groups)
    else:
        _ask_all(op, needs)

"""Which channels hold the same value for every input: those of layers without a kept weight, and what follows them.

Everything is evaluated with the arithmetic of the NumPy oracle, so a constant is the byte that the reference writes.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_gen.fixed_point import requantise, wrap
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
    Softmax,
    TransposeConv,
    inputs_of,
)
from firmware_gen.numpy_arithmetic import arithmetic
from firmware_gen.passes.outputs import output_range
from firmware_gen.quantise import (
    INT32_MAX,
    INT32_MIN,
    effective_scale,
    effective_scale_fully_connected,
    quantise_multiplier,
)

VARIES = 1 << 10
"""Stands for a channel whose value depends on the input; no int8."""

Channels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Effect:
    """What is left of a layer's weights where constant inputs are taken into the bias.

    Attributes:
        weights: int8 (outputs, positions, inputs of a group); those of constant inputs are 0.
        reads: input channel by output and input of its group, (outputs, inputs of a group).
        bias: int64 (outputs,), constant inputs included.
    """

    weights: npt.NDArray[np.int8]
    reads: npt.NDArray[np.int64]
    bias: Channels


def constant_channels(graph: Graph) -> dict[int, Channels]:
    """By activation: the value of each channel, int64 (channels,), or :data:`VARIES`.

    Raises:
        UserError: an operator is beyond what the reference computes.
    """
    known = {graph.input: np.full(graph.tensors[graph.input].hwc[2], VARIES)}
    for op in graph.ops:
        known[op.output] = _written(graph, op, known)
    return known


def effect(graph: Graph, op: Conv2D | FullyConnected, known: Channels) -> Effect:
    """Take constant inputs out of a layer: those at the zero point always, others where nothing is padded.

    Args:
        graph: the model.
        op: one of its layers.
        known: of the layer's input, as :func:`constant_channels` gives it.
    """
    weights, reads = _by_channel(graph, op)
    zero_point = graph.tensors[op.input].zero_point
    bias = np.zeros(len(weights), np.int64) if op.bias is None else graph.constant(op.bias).astype(np.int64)
    unpadded = isinstance(op, FullyConnected) or op.window.padding == Padding()
    if unpadded and op.bias is not None:
        offsets = np.where(known == VARIES, 0, known - zero_point)[reads]
        folded = bias + (weights.sum(axis=1, dtype=np.int64) * offsets).sum(axis=1)
        if folded.min() >= INT32_MIN and folded.max() <= INT32_MAX:
            return Effect(np.where((known == VARIES)[reads][:, None, :], weights, np.int8(0)), reads, folded)
    return Effect(np.where((known != zero_point)[reads][:, None, :], weights, np.int8(0)), reads, bias)


def _by_channel(graph: Graph, op: Conv2D | FullyConnected) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """Weights as (outputs, positions, inputs of a group), and the input channel that each of them reads."""
    weights = graph.constant(op.weights)
    channels = graph.tensors[op.input].hwc[2]
    groups = op.groups if isinstance(op, Conv2D) else 1
    outputs = len(weights)
    first = np.arange(outputs) // (outputs // groups) * (channels // groups)
    return weights.reshape(outputs, -1, channels // groups), first[:, None] + np.arange(channels // groups)


def _written(graph: Graph, op: Op, known: dict[int, Channels]) -> Channels:
    if isinstance(op, Conv2D | FullyConnected):
        return _layer(graph, op, known[op.input])
    if isinstance(op, Reshape):
        return _reshape(graph, op, known[op.input])
    if isinstance(op, Rearrange):
        return _rearrange(graph, op, known)
    inputs = [known[index] for index in inputs_of(op)]
    constant = np.all([one != VARIES for one in inputs], axis=0)
    if isinstance(op, Softmax | TransposeConv) or not constant.any():
        return np.full(graph.tensors[op.output].hwc[2], VARIES)
    if isinstance(op, Pool):
        return np.where(constant, np.clip(inputs[0], *output_range(graph, op, op.activation)), VARIES)
    return np.where(constant, _arithmetic(graph, op, known), VARIES)


def _arithmetic(graph: Graph, op: Arithmetic, known: dict[int, Channels]) -> Channels:
    """What an operator that treats channels alike makes of constants; rubbish in the others."""
    planes = {
        index: np.broadcast_to(np.where(known[index] == VARIES, 0, known[index]), graph.tensors[index].hwc)
        for index in inputs_of(op)
    }
    result = arithmetic(graph, op, {index: plane.astype(np.int8) for index, plane in planes.items()})
    values: Channels = result.reshape(-1, graph.tensors[op.output].hwc[2])[0].astype(np.int64)
    return values


def _layer(graph: Graph, op: Conv2D | FullyConnected, known: Channels) -> Channels:
    """The requantised bias where no weight is left and the reference is defined."""
    source, weight, output = (graph.tensors[index] for index in (op.input, op.weights, op.output))
    per_tensor = isinstance(op, FullyConnected) and len(weight.scales) == 1
    product = effective_scale_fully_connected if per_tensor else effective_scale
    scales = tuple(product(source.scales[0], scale, output.scales[0]) for scale in weight.scales)
    if output.hwc[2] != len(graph.constant(op.weights)) or not all(math.isfinite(scale) for scale in scales):
        return np.full(output.hwc[2], VARIES)
    left = effect(graph, op, known)
    shifts = np.array([max(quantise_multiplier(scale)[1], 0) for scale in scales])
    in_range = (shifts < 31) & (np.abs(left.bias) << np.minimum(shifts, 31) <= INT32_MAX)
    low, high = output_range(graph, op, op.activation)
    values = np.clip(requantise(wrap(np.where(in_range, left.bias, 0)), scales) + output.zero_point, low, high)
    return np.where(in_range & ~left.weights.any(axis=(1, 2)), values, VARIES)


def _reshape(graph: Graph, op: Reshape, known: Channels) -> Channels:
    repeats = flattened(graph, op)
    if repeats is None:
        return np.full(graph.tensors[op.output].hwc[2], VARIES)
    return np.tile(known, repeats)


def flattened(graph: Graph, op: Reshape) -> int | None:
    """How often the channels of a reshape's input follow one another in its output's; None for other reshapes."""
    source, output = graph.tensors[op.input].hwc, graph.tensors[op.output].hwc
    if source == output:
        return 1
    return source[0] * source[1] if output[:2] == (1, 1) else None


def keeps_channels(graph: Graph, op: Rearrange) -> bool:
    """Whether every part copies all channels to their own places."""
    channels = graph.tensors[op.output].hwc[2]
    runs = ((part.axes[2], graph.tensors[part.input].hwc[2]) for part in op.parts)
    return all(
        (run.source_axis, run.target_start, run.target_step, run.source_start, run.source_step) == (2, 0, 1, 0, 1)
        and run.count == count == channels
        for run, count in runs
    )


def _rearrange(graph: Graph, op: Rearrange, known: dict[int, Channels]) -> Channels:
    """Constant where all parts agree, with the zero point between them too."""
    output = graph.tensors[op.output]
    if not keeps_channels(graph, op):
        return np.full(output.hwc[2], VARIES)
    parts = np.stack([known[part.input] for part in op.parts])
    written = sum(part.axes[0].count * part.axes[1].count for part in op.parts)
    filled = parts[0] == output.zero_point if written < output.hwc[0] * output.hwc[1] else True
    return np.where((parts == parts[0]).all(axis=0) & filled, parts[0], VARIES)

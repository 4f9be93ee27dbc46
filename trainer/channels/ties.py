"""Channels that are one: what a residual sum adds, or a layer hands on, is kept or removed together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.channels.graph import Graph, Node
from trainer.channels.layers import SOURCES
from trainer.tensors import Bool, Int32


@dataclass(frozen=True)
class Ties:
    """Which channels of a graph are tied.

    Attributes:
        classes: for each node, the class of each of its output channels; channels of one class are tied.
        count: number of classes.
    """

    classes: tuple[Int32, ...]
    count: int

    def spread(self, per_class: Bool, node: int) -> Bool:
        """A flag per class as a flag per output channel of a node."""
        return per_class[self.classes[node]]

    def gather(self, per_node: Sequence[Bool]) -> Bool:
        """For each class whether any of its channels, in any node, has the flag."""
        flags = np.zeros(self.count, np.bool_)
        for classes, channels in zip(self.classes, per_node, strict=True):
            flags[classes[channels]] = True
        return flags


def tie_channels(graph: Graph) -> Ties:
    """Follow every channel from the layer that makes it to the layers that read it."""
    parents: list[int] = []
    outputs: list[Int32] = []
    for node in graph.nodes:
        inputs = [outputs[position] for position in node.inputs]
        if node.kind in SOURCES:
            fresh = np.arange(len(parents), len(parents) + node.channels, dtype=np.int32)
            parents += fresh.tolist()
            outputs.append(fresh)
        else:
            outputs.append(hand_on(node, inputs))
        if node.kind == "Add":
            for other in inputs[1:]:
                _join(parents, inputs[0], other)
    roots = np.array([_root(parents, atom) for atom in range(len(parents))], np.int32)
    first, class_of = np.unique(roots, return_inverse=True)
    return Ties(tuple(class_of.astype(np.int32)[atoms] for atoms in outputs), len(first))


def hand_on(node: Node, inputs: list[np.ndarray]) -> np.ndarray:
    """What a layer without channels of its own makes of the channels' labels; a sum takes those of its first input.

    Args:
        node: not one of the sources.
        inputs: for each input, (channels,) of any type.
    """
    if node.kind == "Concatenate":
        return np.concatenate(inputs)
    if node.kind == "DepthwiseConv2D":
        return np.repeat(inputs[0], node.options["depth_multiplier"])
    # Flatten and Reshape: positions are the outer axes, so the channels come again for each position.
    return np.tile(inputs[0], node.channels // len(inputs[0]))


def hand_back(node: Node, output: Bool, channels: list[int]) -> list[Bool]:
    """The reverse of :func:`hand_on` for flags: an input channel has the flag if any channel made of it has.

    Args:
        node: not one of the sources.
        output: (channels of the node,).
        channels: of each input.
    """
    if node.kind == "Concatenate":
        return list(np.split(output, np.cumsum(channels)[:-1]))
    if node.kind == "Add":
        return [output] * len(channels)
    if node.kind == "DepthwiseConv2D":
        return [some(output.reshape(channels[0], -1), 1)]
    return [some(output.reshape(-1, channels[0]), 0)]


def some(flags: Bool, axis: int | tuple[int, ...]) -> Bool:
    """Whether any flag along the axes is set."""
    result: Bool = np.logical_or.reduce(flags, axis=axis)
    return result


def _root(parents: list[int], atom: int) -> int:
    while parents[atom] != atom:
        parents[atom] = parents[parents[atom]]
        atom = parents[atom]
    return atom


def _join(parents: list[int], left: Int32, right: Int32) -> None:
    """Tie channel by channel; the earlier channel represents both."""
    for pair in zip(left.tolist(), right.tolist(), strict=True):
        roots = sorted(_root(parents, atom) for atom in pair)
        parents[roots[1]] = roots[0]

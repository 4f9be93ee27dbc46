"""A network with some of its channels only, and how its tensors lie in those of the full network."""

from dataclasses import dataclass, field

import numpy as np

from trainer.channels.graph import Graph, Node
from trainer.channels.ties import Ties
from trainer.models.network import Network, build_network
from trainer.tensors import Bool, Int32, Masks, Role, TensorSpec, Weights

Index = tuple[Int32, ...]
"""For each axis of a tensor, the positions that stay, in ascending order."""


@dataclass(frozen=True)
class Compaction:
    """A physically smaller network that stands for a full one.

    Attributes:
        network: the smaller network; its tensors have the names and the order of the full one's.
        specs: the full network's tensors.
        full_masks: what the full network keeps.
        masks: the same inside the smaller network.
        index: where the smaller tensors lie in the full ones.
        value_positions: int32; for each value that the smaller network packs under ``masks``, its position among the
            values that the full network packs under ``full_masks``. Ascending.
    """

    network: Network
    specs: tuple[TensorSpec, ...]
    full_masks: Masks = field(repr=False)
    masks: Masks = field(repr=False)
    index: tuple[Index, ...] = field(repr=False)
    value_positions: Int32 = field(repr=False)

    def take(self, weights: Weights) -> Weights:
        """The smaller network's part of the full network's weights."""
        return tuple(weight[np.ix_(*index)] for weight, index in zip(weights, self.index, strict=True))

    def put(self, weights: Weights, full: Weights) -> Weights:
        """The full network's weights with the smaller network's in their places; the others stay as in ``full``."""
        result = tuple(weight.copy() for weight in full)
        for target, index, weight in zip(result, self.index, weights, strict=True):
            target[np.ix_(*index)] = weight
        return result


def select(network: Network, graph: Graph, ties: Ties, kept: Bool) -> tuple[Network, tuple[Index, ...]]:
    """Build the network of the channels that stay.

    Args:
        network: the full network.
        graph: its graph.
        ties: its tied channels.
        kept: for each class of tied channels whether it stays; at least one of every layer, all of the input and of
            the logits.
    """
    outputs = [np.flatnonzero(ties.spread(kept, position)).astype(np.int32) for position in range(len(graph.nodes))]
    nodes = tuple(node.with_channels(len(stays)) for node, stays in zip(graph.nodes, outputs, strict=True))
    smaller = build_network(Graph(nodes), network.input_shape, network.classes)
    index: dict[int, Index] = {}
    for node, stays in zip(graph.nodes, outputs, strict=True):
        inputs = outputs[node.inputs[0]] if node.inputs else stays
        for role, tensor in node.tensors.items():
            index[tensor] = _index(network.specs[tensor], node, role, inputs, stays)
    ordered = tuple(index[position] for position in range(len(network.specs)))
    _check_order(network, smaller, ordered)
    return smaller, ordered


def value_positions(full_masks: Masks, masks: Masks, specs: tuple[TensorSpec, ...], index: tuple[Index, ...]) -> Int32:
    """Where the values packed under ``masks`` are among those packed under ``full_masks``, which keep them all."""
    parts, start = [], 0
    for spec, full, small, axes in zip(specs, full_masks, masks, index, strict=True):
        kept = np.ones(spec.shape, np.bool_) if full is None else full
        ranks = (np.cumsum(kept.ravel(), dtype=np.int32) - 1 + start).reshape(spec.shape)[np.ix_(*axes)]
        parts.append(ranks.ravel() if small is None else ranks[small])
        start += int(np.count_nonzero(kept))
    return np.concatenate(parts).astype(np.int32)


def _index(spec: TensorSpec, node: Node, role: Role, inputs: Int32, outputs: Int32) -> Index:
    whole = [np.arange(size, dtype=np.int32) for size in spec.shape]
    if role is Role.KERNEL:
        return (*whole[:-2], inputs, outputs)
    if role is Role.DEPTHWISE:
        return (*whole[:-2], inputs, whole[-1])
    if node.channels != spec.size:
        raise ValueError(f"{spec.name} has {spec.size} elements for {node.channels} channels")
    return (outputs,)


def _check_order(network: Network, smaller: Network, index: tuple[Index, ...]) -> None:
    for spec, small, axes in zip(network.specs, smaller.specs, index, strict=True):
        shape = tuple(len(axis) for axis in axes)
        if (small.name, small.shape, small.role) != (spec.name, shape, spec.role):
            raise ValueError(f"{spec.name} {shape} became {small.name} {small.shape}")

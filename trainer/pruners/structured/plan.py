"""The channels of a network as classes that are kept or removed as one, and the weights that they cost."""

from dataclasses import dataclass
from math import prod

import numpy as np

from trainer.channels import ChannelGroup
from trainer.channels.graph import read_graph
from trainer.channels.groups import find_groups
from trainer.channels.ties import tie_channels
from trainer.masks import apply_masks
from trainer.models.network import Network
from trainer.tensors import Bool, Float64, Int32, Masks, Role, Weights


@dataclass(frozen=True)
class Reader:
    """A kernel and the channels at both of its ends.

    Attributes:
        tensor: position in the network's specs.
        window: positions of its window.
        inputs: int32 (in,), the class of each channel that it reads.
        outputs: int32 (out,), the class of each channel that it makes.
    """

    tensor: int
    window: int
    inputs: Int32
    outputs: Int32


@dataclass(frozen=True)
class ChannelPlan:
    """The channels of a network.

    A class is a set of channels that a sum, or a layer between them, makes one (:mod:`trainer.channels.ties`).

    Attributes:
        classes: how many there are.
        groups: layers that share a set of channels.
        readers: every prunable kernel.
    """

    classes: int
    groups: tuple[ChannelGroup, ...]
    readers: tuple[Reader, ...]

    def free(self) -> Bool:
        """Which classes may be removed; bool (classes,)."""
        flags = np.zeros(self.classes, np.bool_)
        for group in self.groups:
            if group.prunable:
                flags[group.classes] = True
        return flags

    def kept_weights(self, kept: Bool) -> int:
        """Prunable weights of the network that keeps these classes."""
        return sum(
            reader.window * int(np.count_nonzero(kept[reader.inputs])) * int(np.count_nonzero(kept[reader.outputs]))
            for reader in self.readers
        )

    def sum_over_readers(self, values: tuple[Float64 | None, ...]) -> Float64:
        """For each class, the sum of the values of all weights that read it; float64 (classes,)."""
        sums = np.zeros(self.classes)
        for reader in self.readers:
            value = values[reader.tensor]
            if value is not None:
                np.add.at(sums, reader.inputs, value.reshape(reader.window, len(reader.inputs), -1).sum((0, 2)))
        return sums

    def without(self, network: Network, weights: Weights, kept: Bool) -> Weights:
        """The weights, zero where they read or make a class that is not kept."""
        masks: list[Bool | None] = [None] * len(network.specs)
        for reader in self.readers:
            ends = kept[reader.inputs][:, None] & kept[reader.outputs]
            masks[reader.tensor] = np.broadcast_to(ends, network.specs[reader.tensor].shape)
        return apply_masks(network.specs, weights, tuple(masks))

    def keep(self, kept: Bool) -> dict[str, Bool]:
        """For each prunable group the channels that stay, as :func:`trainer.channels.shrink` takes them."""
        return {group.id: kept[group.classes] for group in self.groups if group.prunable}


def density_of(group: ChannelGroup, masks: Masks) -> float:
    """Share of the weights of a group's kernels that masks keep."""
    kept = [masks[position] for position, _ in group.members]
    sizes = [(int(np.count_nonzero(mask)), mask.size) for mask in kept if mask is not None]
    return sum(count for count, _ in sizes) / max(1, sum(size for _, size in sizes))


def plan_channels(network: Network) -> ChannelPlan:
    """Read the channels of a network.

    Raises:
        UserError: a layer cannot be followed channel by channel; names it.
    """
    graph = read_graph(network)
    ties = tie_channels(graph)
    readers = tuple(
        Reader(
            tensor=node.tensors[Role.KERNEL],
            window=prod(network.specs[node.tensors[Role.KERNEL]].shape[:-2]),
            inputs=ties.classes[node.inputs[0]],
            outputs=ties.classes[position],
        )
        for position, node in enumerate(graph.nodes)
        if Role.KERNEL in node.tensors
    )
    return ChannelPlan(ties.count, find_groups(graph, ties), readers)

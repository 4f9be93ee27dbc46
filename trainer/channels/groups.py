"""Groups of layers whose output channels can only be removed together."""

from dataclasses import dataclass, field

import numpy as np

from trainer.channels.graph import Graph, read_graph
from trainer.channels.layers import SOURCES
from trainer.channels.ties import Ties, tie_channels
from trainer.models.network import Network
from trainer.tensors import Int32, Role


@dataclass(frozen=True)
class ChannelGroup:
    """Layers that share one set of channels: a single layer, or all that write into one residual stream.

    Attributes:
        id: name of its first layer.
        tensors: names of the kernels that make its channels.
        channels: number of channels.
        prunable: whether channels may be removed; not of the input and of the logits.
        members: for each of ``tensors``: its position in the network's specs, and for each of its output channels which
            channel of the group it is; nearly always 0, 1, 2, …
        classes: the group's channels as classes of :class:`trainer.channels.ties.Ties`.
    """

    id: str
    tensors: tuple[str, ...]
    channels: int
    prunable: bool
    members: tuple[tuple[int, Int32], ...] = field(repr=False)
    classes: Int32 = field(repr=False)


def channel_groups(network: Network) -> tuple[ChannelGroup, ...]:
    """The groups of a network, in the order of their first layers.

    Raises:
        UnsupportedLayerError: a layer cannot be followed channel by channel; names it.
    """
    graph = read_graph(network)
    return find_groups(graph, tie_channels(graph), tuple(spec.name for spec in network.specs))


def find_groups(graph: Graph, ties: Ties, names: tuple[str, ...] | None = None) -> tuple[ChannelGroup, ...]:
    """:func:`channel_groups` of a graph; without the names of its tensors, groups have none either."""
    sources = [position for position, node in enumerate(graph.nodes) if node.kind in SOURCES]
    fixed = {0, *(s for s in sources if np.isin(ties.classes[s], ties.classes[-1]).any())}
    return tuple(
        _group(graph, ties, together, not fixed & set(together), names) for together in _together(ties, sources)
    )


def _group(graph: Graph, ties: Ties, sources: list[int], prunable: bool, names: tuple[str, ...] | None) -> ChannelGroup:
    classes = np.unique(np.concatenate([ties.classes[source] for source in sources])).astype(np.int32)
    members = tuple(
        (graph.nodes[s].tensors[Role.KERNEL], np.searchsorted(classes, ties.classes[s]).astype(np.int32))
        for s in sources
        if Role.KERNEL in graph.nodes[s].tensors
    )
    tensors = () if names is None else tuple(names[position] for position, _ in members)
    return ChannelGroup(graph.nodes[sources[0]].name, tensors, len(classes), prunable, members, classes)


def _together(ties: Ties, sources: list[int]) -> list[list[int]]:
    """Sources that share a class, directly or through others."""
    result: list[tuple[set[int], list[int]]] = []
    for source in sources:
        classes, members = set(ties.classes[source].tolist()), [source]
        for other in [entry for entry in result if entry[0] & classes]:
            result.remove(other)
            classes, members = classes | other[0], other[1] + members
        result.append((classes, sorted(members)))
    return sorted((members for _, members in result), key=lambda members: members[0])

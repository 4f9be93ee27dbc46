"""Lossless compaction: remove the channels that a sparse network does not use.

The smaller network computes the same logits and, step by step, the same training, in less time and memory; kept
weights that no path uses stay behind in the full network.
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.channels.complete import complete_masks
from trainer.channels.graph import Graph, read_graph
from trainer.channels.groups import find_groups
from trainer.channels.liveness import Flow, trace
from trainer.channels.selection import Compaction, Index, select, value_positions
from trainer.channels.ties import Ties, tie_channels
from trainer.models.network import Network
from trainer.tensors import Bool, Masks


def compact(network: Network, masks: Masks) -> Compaction:
    """Remove dead channels.

    Args:
        network: the full network.
        masks: of its kernels; they are completed (:func:`trainer.channels.complete.complete_masks`) first, and the
            weights of the full network are expected to be at their start where the completed masks drop them.

    Returns:
        The smaller network. A branch beside a residual connection that is dead as a whole keeps one dead channel.

    Raises:
        UserError: no path leads from the input to the logits, or a layer cannot be followed; names the layer.
    """
    graph = read_graph(network)
    ties = tie_channels(graph)
    flow = trace(graph, ties, masks)
    _check_connected(graph, flow)
    full_masks = complete_masks(network, masks)
    smaller, index = select(network, graph, ties, _stays(graph, ties, flow))
    small_masks = _take_masks(full_masks, index)
    positions = value_positions(full_masks, small_masks, network.specs, index)
    return Compaction(smaller, network.specs, full_masks, small_masks, index, positions)


def _stays(graph: Graph, ties: Ties, flow: Flow) -> Bool:
    """For each class of tied channels whether it stays."""
    stays = ties.gather(flow.live)
    for group in find_groups(graph, ties):
        if not group.prunable:
            stays[group.classes] = True
        elif not stays[group.classes].any():
            stays[group.classes[0]] = True
    return stays


def _take_masks(masks: Masks, index: tuple[Index, ...]) -> Masks:
    return tuple(None if mask is None else mask[np.ix_(*axes)] for mask, axes in zip(masks, index, strict=True))


def _check_connected(graph: Graph, flow: Flow) -> None:
    if flow.forward[-1].any():
        return
    for node, reached in zip(graph.nodes, flow.forward, strict=True):
        if not reached.any():
            raise UserError(f"no kept weight leads from the input through layer {node.name}; use a lower --sparsity")

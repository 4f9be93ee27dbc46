"""Structured pruning: a smaller dense network of the channels somebody chose."""

from collections.abc import Mapping

import numpy as np

from host_bridge.errors import UserError
from trainer.channels.graph import read_graph
from trainer.channels.groups import ChannelGroup, find_groups
from trainer.channels.selection import Compaction, Index, select, value_positions
from trainer.channels.ties import tie_channels
from trainer.models.network import Network
from trainer.tensors import Bool, Masks, TensorSpec, all_kept


def shrink(network: Network, keep: Mapping[str, Bool]) -> Compaction:
    """Keep the chosen channels of each group.

    Args:
        network: the full network.
        keep: by the id of a group of :func:`trainer.channels.groups.channel_groups`, bool (channels,). Groups that are
            not named keep everything.

    Returns:
        The smaller network; ``take`` of the full network's weights gives its own. Its masks keep everything; the full
        masks drop every removed channel as a whole.

    Raises:
        UserError: a group would lose every channel, or a layer cannot be followed; names the layer.
        ValueError: an unknown group, one that is not prunable, or the wrong number of channels.
    """
    graph = read_graph(network)
    ties = tie_channels(graph)
    groups = {group.id: group for group in find_groups(graph, ties)}
    stays = np.ones(ties.count, np.bool_)
    for name, channels in keep.items():
        _check(name, channels, groups)
        stays[groups[name].classes] = channels
    smaller, index = select(network, graph, ties, stays)
    full_masks = _region(network.specs, index)
    masks = all_kept(smaller.specs)
    positions = value_positions(full_masks, masks, network.specs, index)
    return Compaction(smaller, network.specs, full_masks, masks, index, positions)


def _check(name: str, channels: Bool, groups: Mapping[str, ChannelGroup]) -> None:
    if name not in groups:
        raise ValueError(f"no group {name!r}; there are {', '.join(groups)}")
    group = groups[name]
    if channels.dtype != np.bool_ or channels.shape != (group.channels,):
        raise ValueError(f"group {name}: bool ({group.channels},) expected, not {channels.dtype} {channels.shape}")
    if not group.prunable and not channels.all():
        raise ValueError(f"group {name}: the input and the logits keep every channel")
    if not channels.any():
        raise UserError(f"layer {name} would lose every channel; use a lower --sparsity")


def _region(specs: tuple[TensorSpec, ...], index: tuple[Index, ...]) -> Masks:
    """Masks that keep what stays; None for a vector that stays as a whole."""
    masks: list[Bool | None] = []
    for spec, axes in zip(specs, index, strict=True):
        mask = np.zeros(spec.shape, np.bool_)
        mask[np.ix_(*axes)] = True
        masks.append(None if mask.all() and not spec.prunable else mask)
    return tuple(masks)

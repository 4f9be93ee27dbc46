"""Which channels a sparse network uses.

A channel is live if a path of kept weights leads to it from the input and another from it to the logits. S. Vysogorets,
J. Kempe: "Connectivity Matters: Neural Network Pruning Through the Lens of Effective Sparsity", JMLR 24, 2023,
arXiv 2107.02306, call the weights between live channels effective; all others cannot change what the network says.
"""

from dataclasses import dataclass

import numpy as np

from trainer.channels.graph import Graph, Node, read_graph
from trainer.channels.layers import UnsupportedLayerError, is_mixing, is_zero_at_zero
from trainer.channels.ties import Ties, hand_back, hand_on, some, tie_channels
from trainer.models.network import Network
from trainer.tensors import Bool, Masks, Role


@dataclass(frozen=True)
class Liveness:
    """What :func:`live_channels` found.

    Attributes:
        units: for each tensor of the network, whether each of its output channels is live.
        unsupported: why the network cannot be analysed (then every channel counts as live), or None.
    """

    units: tuple[Bool, ...]
    unsupported: str | None = None


@dataclass(frozen=True)
class Flow:
    """Liveness of every node's output channels.

    Attributes:
        forward: whether the input reaches the channel.
        live: whether the channel, moreover, reaches the logits; logits always count as live.
    """

    forward: tuple[Bool, ...]
    live: tuple[Bool, ...]


def live_channels(network: Network, masks: Masks) -> Liveness:
    """Find the live channels.

    A channel that the input does not reach is dead even if it has a bias: whoever uses this drops the bias too
    (:func:`trainer.channels.complete.complete_masks`). Where an activation turns zero into something else, such as a
    sigmoid, or mixes the channels, the input counts as reaching every channel.

    Args:
        network: the model.
        masks: of its kernels; masks of other tensors do not matter.
    """
    try:
        graph = read_graph(network)
    except UnsupportedLayerError as error:
        return Liveness(tuple(np.ones(_units(spec.shape, spec.role), np.bool_) for spec in network.specs), str(error))
    flow = trace(graph, tie_channels(graph), masks)
    units: dict[int, Bool] = {
        tensor: live for node, live in zip(graph.nodes, flow.live, strict=True) for tensor in node.tensors.values()
    }
    return Liveness(tuple(units[position] for position in range(len(network.specs))))


def trace(graph: Graph, ties: Ties, masks: Masks) -> Flow:
    """Follow kept weights from the input to the logits and back."""
    forward = _forward(graph, ties, masks)
    backward = _backward(graph, masks)
    logits = np.zeros(ties.count, np.bool_)
    logits[ties.classes[-1]] = True
    live = tuple(
        (reached & used) | ties.spread(logits, position)
        for position, (reached, used) in enumerate(zip(forward, backward, strict=True))
    )
    return Flow(forward, live)


def _forward(graph: Graph, ties: Ties, masks: Masks) -> tuple[Bool, ...]:
    pinned = ties.gather([np.full(node.channels, not _zero_at_zero(node)) for node in graph.nodes])
    reached: list[Bool] = []
    for position, node in enumerate(graph.nodes):
        inputs = [reached[source] for source in node.inputs]
        reached.append(_reach(node, inputs, masks) | ties.spread(pinned, position))
    return tuple(reached)


def _reach(node: Node, inputs: list[Bool], masks: Masks) -> Bool:
    if node.kind == "InputLayer":
        return np.ones(node.channels, np.bool_)
    if Role.KERNEL in node.tensors:
        edges = _edges(node, len(inputs[0]), masks)
        return some(edges & inputs[0][:, None], 0)
    if node.kind == "Add":
        return some(np.stack(inputs), 0)
    flags: Bool = hand_on(node, inputs)
    return flags & _windows(node, masks)


def _backward(graph: Graph, masks: Masks) -> tuple[Bool, ...]:
    used = [np.zeros(node.channels, np.bool_) for node in graph.nodes]
    used[-1][:] = True
    for node, output in zip(reversed(graph.nodes), reversed(used), strict=True):
        channels = [graph.nodes[source].channels for source in node.inputs]
        if is_mixing(node.kind, dict(node.options)) and output.any():
            output[:] = True
        if Role.KERNEL in node.tensors:
            parts = [some(_edges(node, channels[0], masks) & output, 1)]
        elif node.inputs:
            parts = hand_back(node, output & _windows(node, masks), channels)
        else:
            parts = []
        for source, part in zip(node.inputs, parts, strict=True):
            used[source] |= part
    return tuple(used)


def _edges(node: Node, inputs: int, masks: Masks) -> Bool:
    """(inputs, outputs): whether any weight between two channels is kept."""
    mask = masks[node.tensors[Role.KERNEL]]
    if mask is None:
        return np.ones((inputs, node.channels), np.bool_)
    return some(mask.reshape(-1, inputs, node.channels), 0)


def _windows(node: Node, masks: Masks) -> Bool:
    """(channels,): whether any weight of a depthwise kernel is kept; True for layers without one."""
    mask = masks[node.tensors[Role.DEPTHWISE]] if Role.DEPTHWISE in node.tensors else None
    return np.ones(node.channels, np.bool_) if mask is None else some(mask, (0, 1)).ravel()


def _zero_at_zero(node: Node) -> bool:
    return is_zero_at_zero(node.kind, dict(node.options))


def _units(shape: tuple[int, ...], role: Role) -> int:
    return shape[-2] * shape[-1] if role is Role.DEPTHWISE else shape[-1]

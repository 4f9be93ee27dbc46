"""What keeps masks from making a network useless.

Scores of different layers need not be comparable, so a global ranking may leave a layer without any weight (layer
collapse; H. Tanaka et al., arXiv 2006.05467). Each tensor then keeps its :data:`FLOOR` best, which the tensors that
keep most give up. Masks that no tensor had to be repaired for are not touched.
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.channels.graph import read_graph
from trainer.channels.layers import UnsupportedLayerError
from trainer.channels.liveness import trace
from trainer.channels.ties import tie_channels
from trainer.models.network import Network
from trainer.tensors import Masks, Scores, TensorSpec

FLOOR = 1
"""Weights that every prunable tensor keeps at least."""


def check_enough(name: str, specs: tuple[TensorSpec, ...], keep: int) -> None:
    """Refuse budgets that do not give every prunable tensor its floor.

    Raises:
        UserError: they do not.
    """
    tensors = sum(spec.prunable for spec in specs)
    if keep < tensors * FLOOR:
        raise UserError(
            f"pruner {name} may keep {keep} weights of {tensors} layers, which would leave layers without a single "
            "weight; use a lower --sparsity"
        )


def check_finite(name: str, specs: tuple[TensorSpec, ...], scores: Scores) -> None:
    """Refuse scores that cannot be ranked.

    Raises:
        UserError: one is NaN or infinite; names the pruner and the tensor.
    """
    for spec, score in zip(specs, scores, strict=True):
        if score is not None and not np.isfinite(score).all():
            raise UserError(
                f"pruner {name} found scores of {spec.name} that are no finite numbers; "
                "look for such values in the data, or use another --pruner"
            )


def with_floor(counts: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The same total, and at least :data:`FLOOR` for each tensor; the largest counts pay, the first of equals first.

    Args:
        counts: weights that each tensor keeps; at least as many in all as there are tensors.
    """
    raised = [count if count is None else max(count, FLOOR) for count in counts]
    debt = sum(new - old for new, old in zip(raised, counts, strict=True) if new is not None and old is not None)
    for _ in range(debt):
        largest = max(range(len(raised)), key=lambda position: raised[position] or 0)
        raised[largest] = (raised[largest] or 0) - 1
    return tuple(raised)


def check_connected(name: str, network: Network, masks: Masks, sparsity: float) -> None:
    """Refuse masks under which no path of kept weights leads from the input to the logits.

    A network with a layer that cannot be followed is not checked.

    Raises:
        UserError: there is no path; names the first layer that none reaches.
    """
    try:
        graph = read_graph(network)
    except UnsupportedLayerError:
        return
    reached = trace(graph, tie_channels(graph), masks).forward
    if reached[-1].any():
        return
    broken = next(node.name for node, channels in zip(graph.nodes, reached, strict=True) if not channels.any())
    raise UserError(
        f"pruner {name} at sparsity {sparsity:g} leaves no path of kept weights through layer {broken}; "
        "use a lower --sparsity or --pruner synflow"
    )

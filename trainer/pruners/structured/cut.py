"""From scores of channels to the largest network that the budget allows.

Channels are ranked by score, over all layers together; the best come first, ties in the order of the network. Every
group of layers keeps its :data:`FLOOR` best whatever their rank. Keeping one more channel of the ranking never makes
the network smaller, so bisection finds the longest start of the ranking that fits.
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.pruners.structured.plan import ChannelPlan
from trainer.tensors import Bool, Float64

FLOOR = 2
"""Channels that every group keeps at least, if it has as many: all that follows would hang on a single one."""


def cut(plan: ChannelPlan, scores: Float64, kept: Bool, budget: int) -> Bool:
    """Choose the classes to keep.

    Args:
        plan: the network's channels.
        scores: float64 (classes,), finite.
        kept: bool (classes,), what may be kept at all.
        budget: prunable weights that the smaller network has at most.

    Returns:
        bool (classes,). If the floor alone is beyond the budget, the floor; :func:`check_budget` refuses that before.
    """
    least = _least(plan, scores, kept)
    candidates = np.flatnonzero(kept & ~least)
    ranking = candidates[np.argsort(-scores[candidates], kind="stable")]

    def first(count: int) -> Bool:
        chosen = least.copy()
        chosen[ranking[:count]] = True
        return chosen

    fits, beyond = 0, len(ranking) + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if plan.kept_weights(first(middle)) <= budget:
            fits = middle
        else:
            beyond = middle
    return first(fits)


def fill(plan: ChannelPlan, scores: Float64, kept: Bool, budget: int) -> Bool:
    """Keep also what still fits: in the order of the ranking, each class that does not go beyond the budget.

    Args:
        plan: the network's channels.
        scores: float64 (classes,), finite; classes of minus infinity are left out.
        kept: bool (classes,), what :func:`cut` chose.
        budget: prunable weights that the smaller network has at most.
    """
    more = kept.copy()
    candidates = np.flatnonzero(~kept & np.isfinite(scores))
    for candidate in candidates[np.argsort(-scores[candidates], kind="stable")]:
        more[candidate] = True
        if plan.kept_weights(more) > budget:
            more[candidate] = False
    return more


def check_budget(plan: ChannelPlan, name: str, sparsity: float, total: int) -> None:
    """Refuse a sparsity that not even the smallest network reaches.

    Args:
        plan: the network's channels.
        name: of the pruner.
        sparsity: share of prunable weights to remove.
        total: prunable weights of the full network.

    Raises:
        UserError: it is out of reach; says what can be had.
    """
    smallest = plan.kept_weights(_least(plan, np.zeros(plan.classes), np.ones(plan.classes, np.bool_)))
    if smallest > total * (1 - sparsity):
        raise UserError(
            f"pruner {name} cannot reach sparsity {sparsity:g}: with {FLOOR} channels in every layer {smallest} of "
            f"{total} weights are left; use --sparsity {int((1 - smallest / total) * 1e4) / 1e4:g} or less"
        )


def _least(plan: ChannelPlan, scores: Float64, kept: Bool) -> Bool:
    """What stays in any case: classes that may not be removed, and the best few of each group."""
    least = kept & ~plan.free()
    for group in plan.groups:
        if group.prunable:
            alive = group.classes[kept[group.classes]]
            least[alive[np.argsort(-scores[alive], kind="stable")[:FLOOR]]] = True
    return least

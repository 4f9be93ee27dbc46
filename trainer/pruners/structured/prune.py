"""Score channels, rank them, remove, again: what all structured pruners share."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from host_bridge.errors import UserError
from trainer.models.network import Network
from trainer.pruners.averaging import average
from trainer.pruners.prune import as_batches
from trainer.pruners.pruner import Samples
from trainer.pruners.structured.cut import check_budget, cut, fill
from trainer.pruners.structured.plan import plan_channels
from trainer.pruners.structured.pruner import ChannelContext, ChannelScorer, ChannelScores, StructuredPruner
from trainer.tensors import Bool, Weights, count_prunable


def prune_channels(
    pruner: StructuredPruner,
    network: Network,
    weights: Weights,
    sparsity: float,
    *,
    random: np.random.Generator,
    samples: Samples | Sequence[Samples] | None = None,
) -> dict[str, Bool]:
    """Choose the channels to keep.

    Sparsity means the share of the full network's prunable weights that the smaller network does not have; the result
    is the longest start of the pruner's ranking, and whatever behind it still fits, with at most ``(1 - sparsity) *
    prunable weights`` of them.

    Args:
        pruner: how channels are scored.
        network: the full network.
        weights: its initial weights.
        sparsity: at least 0 and below 1.
        random: the pruner's only source of chance.
        samples: x and y that data-driven pruners score with, or such a pair for each of several clients: then the
            clients' scores are averaged (:mod:`trainer.pruners.averaging`) in every iteration.

    Returns:
        For each prunable group of :func:`trainer.channels.channel_groups` by its id: bool (channels,). Give it to
        :func:`trainer.channels.shrink`.

    Raises:
        UserError: the sparsity is out of reach, a layer cannot be followed, or a score is not finite.
        ValueError: the pruner needs samples and gets none.
    """
    plan, batches = plan_channels(network), as_batches(samples)
    total = count_prunable(network.specs)
    check_budget(plan, pruner.name, sparsity, total)
    score = pruner.prepare(network)
    kept = np.ones(plan.classes, np.bool_)
    for iteration in range(1, pruner.iterations + 1):
        left = plan.without(network, weights, kept)
        context = ChannelContext(network, plan, left, kept, sparsity, random)
        scores = _score(pruner, score, context, batches)
        # The small allowance is for what the product of floats lacks to a whole number of weights.
        budget = int(total * (1 - sparsity) ** (iteration / pruner.iterations) + 1e-6)
        alive, kept = kept, cut(plan, scores, kept, budget)
    kept = fill(plan, np.where(alive, scores, -np.inf), kept, budget)
    return plan.keep(kept)


def _score(
    pruner: StructuredPruner, score: ChannelScorer, context: ChannelContext, batches: list[Samples]
) -> ChannelScores:
    if not pruner.needs_data or not batches:
        scores = score(context)
    else:
        each = [(score(replace(context, samples=batch)),) for batch in batches]
        (mean,) = average(each, [len(x) for x, _ in batches])
        scores = np.zeros(context.plan.classes) if mean is None else mean
    if not np.isfinite(scores).all():
        raise UserError(
            f"pruner {pruner.name} found scores of channels that are no finite numbers; "
            "look for such values in the data, or use another --pruner"
        )
    return scores

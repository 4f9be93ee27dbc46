"""Score, rank, mask, again: what all pruners share."""

import numpy as np

from host_bridge.errors import UserError
from trainer.masks import apply_masks, top_k
from trainer.models.network import Network
from trainer.pruners.pruner import Pruner, Samples, ScoringContext
from trainer.tensors import Bool, Float64, Masks, Scores, Weights, all_kept, count_prunable


def prune(
    pruner: Pruner,
    network: Network,
    weights: Weights,
    sparsity: float,
    *,
    random: np.random.Generator,
    samples: Samples | None = None,
) -> Masks:
    """Choose the weights to keep.

    Args:
        pruner: how weights are scored.
        network: the model.
        weights: its initial weights.
        sparsity: share of prunable weights to drop, between 0 and 1.
        random: the pruner's only source of chance.
        samples: x and y that data-driven pruners score with.

    Returns:
        Masks that keep ``round((1 - sparsity) * prunable weights)`` weights in all.

    Raises:
        UserError: a tensor would lose every weight.
    """
    score = pruner.prepare(network)
    masks = all_kept(network.specs)
    total = count_prunable(network.specs)
    for iteration in range(1, pruner.iterations + 1):
        keep = round(total * (1 - sparsity) ** (iteration / pruner.iterations))
        context = ScoringContext(network, apply_masks(network.specs, weights, masks), masks, random, samples)
        scores = _behind_survivors(score(context), masks)
        masks = _masks(scores, pruner.budget(scores, keep))
    _check_no_collapse(network, masks, sparsity)
    return masks


def _behind_survivors(scores: Scores, masks: Masks) -> Scores:
    """Scores with dropped weights behind all others, even behind survivors that score 0."""
    return tuple(_behind(score, mask) for score, mask in zip(scores, masks, strict=True))


def _behind(score: Float64 | None, mask: Bool | None) -> Float64 | None:
    return None if score is None or mask is None else np.where(mask, score, -np.inf)


def _masks(scores: Scores, counts: tuple[int | None, ...]) -> Masks:
    return tuple(
        None if score is None or count is None else top_k(score, count)
        for score, count in zip(scores, counts, strict=True)
    )


def _check_no_collapse(network: Network, masks: Masks, sparsity: float) -> None:
    for spec, mask in zip(network.specs, masks, strict=True):
        if mask is not None and not mask.any():
            raise UserError(f"sparsity {sparsity:g} leaves {spec.name} without a single weight; use a lower --sparsity")

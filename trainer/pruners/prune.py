"""Score, rank, mask, again: what all pruners share."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from trainer.masks import apply_masks, top_k
from trainer.models.network import Network
from trainer.pruners.averaging import average
from trainer.pruners.guards import check_connected, check_enough, check_finite, with_floor
from trainer.pruners.pruner import Pruner, Samples, Scorer, ScoringContext
from trainer.tensors import Bool, Float64, Masks, Scores, Weights, all_kept, count_prunable


def prune(
    pruner: Pruner,
    network: Network,
    weights: Weights,
    sparsity: float,
    *,
    random: np.random.Generator,
    samples: Samples | Sequence[Samples] | None = None,
    protected: Masks | None = None,
) -> Masks:
    """Choose the weights to keep.

    Args:
        pruner: how weights are scored.
        network: the model.
        weights: its initial weights.
        sparsity: share of prunable weights to drop, at least 0 and below 1.
        random: the pruner's only source of chance.
        samples: x and y that data-driven pruners score with, or such a pair for each of several clients: then the
            clients' scores are averaged (:mod:`trainer.pruners.averaging`) in every iteration.
        protected: weights that are kept whatever their scores; they count among those that are kept.

    Returns:
        Masks that keep ``round((1 - sparsity) * prunable weights)`` weights in all, at least
        :data:`trainer.pruners.guards.FLOOR` of each tensor.

    Raises:
        UserError: too few weights would be kept for every tensor to have one, no path of kept weights leads to the
            logits, or a score is not finite; names the pruner and the tensor or layer.
        ValueError: the pruner needs samples and gets none.
    """
    batches = as_batches(samples)
    specs = network.specs
    masks, total = all_kept(specs), count_prunable(specs)
    check_enough(pruner.name, specs, round(total * (1 - sparsity)))
    for iteration in range(1, pruner.iterations + 1):
        keep = round(total * (1 - sparsity) ** (iteration / pruner.iterations))
        context = ScoringContext(network, apply_masks(specs, weights, masks), masks, random, dense=weights)
        scores = _score(pruner, context, batches)
        check_finite(pruner.name, specs, scores)
        if not pruner.revives:
            scores = _behind_survivors(scores, masks)
        if protected is not None:
            scores = _in_front(scores, protected)
        masks = _masks(scores, with_floor(pruner.budget(scores, keep)))
    check_connected(pruner.name, network, masks, sparsity)
    return masks


def score_once(
    pruner: Pruner,
    network: Network,
    weights: Weights,
    masks: Masks,
    *,
    random: np.random.Generator,
    samples: Samples | None = None,
) -> Scores:
    """Score once and cut nothing.

    Args:
        pruner: how weights are scored.
        network: the model.
        weights: its initial weights, dropped ones too.
        masks: what is kept so far.
        random: the pruner's only source of chance.
        samples: x and y for data-driven pruners.

    Returns:
        A score for every prunable weight, higher is better; those of dropped weights mean nothing unless the pruner
        ``revives``.

    Raises:
        UserError: a score is not finite.
        ValueError: the pruner needs samples and gets none.
    """
    context = ScoringContext(network, apply_masks(network.specs, weights, masks), masks, random, samples, weights)
    scores = prepared(pruner, network)(context)
    check_finite(pruner.name, network.specs, scores)
    return scores


def prepared(pruner: Pruner, network: Network) -> Scorer:
    """The pruner's scoring function; the last one is kept, so that clients after the first need not compile it."""
    return _prepared(pruner, _Same(network))


def as_batches(samples: Samples | Sequence[Samples] | None) -> list[Samples]:
    """One pair of x and y, a sequence of such pairs, or nothing, as a list of pairs."""
    if samples is None:
        return []
    if len(samples) == 2 and isinstance(samples[0], np.ndarray) and isinstance(samples[1], np.ndarray):
        return [(samples[0], samples[1])]
    return [(x, y) for x, y in samples]


class _Same:
    """A network as a key: equal to itself only."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.network is self.network

    def __hash__(self) -> int:
        return id(self.network)


@lru_cache(maxsize=1)
def _prepared(pruner: Pruner, key: _Same) -> Scorer:
    return pruner.prepare(key.network)


def _score(pruner: Pruner, context: ScoringContext, batches: list[Samples]) -> Scores:
    score = prepared(pruner, context.network)
    if not pruner.needs_data or not batches:
        return score(context)
    return average([score(replace(context, samples=batch)) for batch in batches], [len(x) for x, _ in batches])


def _behind_survivors(scores: Scores, masks: Masks) -> Scores:
    """Scores with dropped weights behind all others, even behind survivors that score 0."""
    return tuple(_behind(score, mask) for score, mask in zip(scores, masks, strict=True))


def _behind(score: Float64 | None, mask: Bool | None) -> Float64 | None:
    return None if score is None or mask is None else np.where(mask, score, -np.inf)


def _in_front(scores: Scores, protected: Masks) -> Scores:
    """Scores with protected weights before all others."""
    return tuple(
        score if score is None or mask is None else np.where(mask, np.inf, score)
        for score, mask in zip(scores, protected, strict=True)
    )


def _masks(scores: Scores, counts: tuple[int | None, ...]) -> Masks:
    return tuple(
        None if score is None or count is None else top_k(score, count)
        for score, count in zip(scores, counts, strict=True)
    )

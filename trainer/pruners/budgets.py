"""How many weights each tensor keeps. Every budget has the same signature, so pruners swap them freely."""

import numpy as np

from trainer.tensors import Scores


def global_budget(scores: Scores, keep: int) -> tuple[int | None, ...]:
    """The best ``keep`` of all tensors together, wherever they are; ties go to the earlier tensor."""
    prunable = [score for score in scores if score is not None]
    # What earlier iterations dropped is minus infinity; leaving it out saves most of the time in late iterations.
    alive = np.concatenate([score[score > -np.inf] for score in prunable])
    if keep > alive.size:
        alive = np.concatenate([score.ravel() for score in prunable])
    worst_kept = np.partition(alive, alive.size - keep)[alive.size - keep] if keep else np.inf
    above = [int(np.count_nonzero(score > worst_kept)) for score in prunable]
    left = keep - sum(above)
    counts = []
    for score, count in zip(prunable, above, strict=True):
        ties = min(left, int(np.count_nonzero(score == worst_kept)))
        counts.append(count + ties)
        left -= ties
    shares = iter(counts)
    return tuple(None if score is None else next(shares) for score in scores)


def uniform_budget(scores: Scores, keep: int) -> tuple[int | None, ...]:
    """The same share of every tensor; what rounding down leaves over goes to the largest remainders."""
    sizes = np.array([score.size for score in scores if score is not None], np.int64)
    total = int(sizes.sum())
    counts, remainders = np.divmod(sizes * keep, total)
    for position in np.argsort(-remainders, kind="stable")[: keep - int(counts.sum())]:
        counts[position] += 1
    shares = iter(int(count) for count in counts)
    return tuple(None if score is None else next(shares) for score in scores)


def erk_budget(scores: Scores, keep: int) -> tuple[int | None, ...]:
    """Densities in proportion to (sum of the dimensions) / (their product), none above 1 (see :mod:`.erk`)."""
    prunable = [score for score in scores if score is not None]
    sizes = np.array([score.size for score in prunable], np.int64)
    wanted = np.array([sum(score.shape) for score in prunable], np.float64)
    full = np.zeros(len(sizes), np.bool_)
    while True:
        scale = (keep - sizes[full].sum()) / wanted[~full].sum() if not full.all() else 0.0
        beyond = ~full & (scale * wanted >= sizes)
        if not beyond.any():
            break
        full |= beyond
    exact = np.where(full, sizes, scale * wanted)
    counts = np.floor(exact).astype(np.int64)
    for position in np.argsort(counts - exact, kind="stable")[: keep - int(counts.sum())]:
        counts[position] += 1
    shares = iter(int(count) for count in counts)
    return tuple(None if score is None else next(shares) for score in scores)

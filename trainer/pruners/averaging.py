"""Scores of several clients as one.

Each client's scores are divided by the sum of their magnitudes, as SNIP does (arXiv 1810.02340, equation 6), so that a
client whose loss is large or steep does not outvote the others; then they are averaged, weighted by samples.
"""

from collections.abc import Sequence

import numpy as np

from trainer.tensors import Scores


def average(scores: Sequence[Scores], samples: Sequence[int]) -> Scores:
    """The weighted mean of normalised scores; the scores of a single client stay as they are.

    Args:
        scores: of each client; None for the same tensors.
        samples: number of samples that each client scored with.
    """
    if len(scores) == 1:
        return scores[0]
    factors = [count / norm if (norm := _norm(one)) > 0 else 0.0 for one, count in zip(scores, samples, strict=True)]
    total = sum(samples)
    return tuple(
        None
        if tensors[0] is None
        else np.sum([s * (f / total) for s, f in zip(tensors, factors, strict=True) if s is not None], axis=0)
        for tensors in zip(*scores, strict=True)
    )


def _norm(scores: Scores) -> float:
    return sum(float(np.abs(score).sum()) for score in scores if score is not None)

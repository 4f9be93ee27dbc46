"""SNIP: keep the weights whose removal would change the loss most.

N. Lee, T. Ajanthan, P. H. S. Torr: "SNIP: Single-shot network pruning based on connection sensitivity", ICLR 2019,
arXiv 1810.02340. The score of a weight is |dL/dw * w|, L the mean cross-entropy of some samples. The authors divide by
the sum of all scores, which changes no ranking and is done here where scores of clients are averaged.
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.budgets import global_budget
from trainer.pruners.gradients import compile_gradient
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores


def prepare(network: Network) -> Scorer:
    """Compile the gradient of ``network``."""
    gradient = compile_gradient(network)

    def score(context: ScoringContext) -> Scores:
        slopes = gradient(context.weights, context.batch())
        return tuple(
            None if slope is None else np.abs(slope * weight)
            for slope, weight in zip(slopes, context.weights, strict=True)
        )

    return score


SNIP = Pruner("snip", prepare, global_budget, needs_data=True)

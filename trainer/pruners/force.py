"""FORCE: keep the weights that matter most to the network that is left, not to the dense one.

P. de Jorge, A. Sanyal, H. S. Behl, P. H. S. Torr, G. Rogez, P. K. Dokania: "Progressive Skeletonization: Trimming more
fat from a network at initialization", ICLR 2021, arXiv 2006.09081. The score of a weight is |dL/dw * w| with the
gradient taken in the pruned network and w as it was before pruning. So a dropped weight, at zero in that network, still
has a score and returns if it is among the best. The density falls exponentially.
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.budgets import global_budget
from trainer.pruners.gradients import compile_gradient
from trainer.pruners.iterative_snip import STEPS
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores


def prepare(network: Network) -> Scorer:
    """Compile the gradient of ``network``."""
    gradient = compile_gradient(network)

    def score(context: ScoringContext) -> Scores:
        slopes = gradient(context.weights, context.batch())
        dense = context.weights if context.dense is None else context.dense
        return tuple(
            None if slope is None else np.abs(slope * weight) for slope, weight in zip(slopes, dense, strict=True)
        )

    return score


FORCE = Pruner("force", prepare, global_budget, STEPS, needs_data=True, revives=True)

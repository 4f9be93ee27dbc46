"""Magnitude at initialisation: keep the largest weights of each tensor; a baseline.

S. Han, J. Pool, J. Tran, W. J. Dally: "Learning both Weights and Connections for Efficient Neural Networks", NeurIPS
2015, applied before training. The budget is uniform: He-uniform limits differ so much between layers that
one threshold for all would empty the wide ones.
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.budgets import uniform_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores


def score_magnitude(context: ScoringContext) -> Scores:
    """|w|."""
    return tuple(
        np.abs(weight).astype(np.float64) if spec.prunable else None
        for weight, spec in zip(context.weights, context.network.specs, strict=True)
    )


def _prepare(network: Network) -> Scorer:  # noqa: ARG001 - nothing to compile
    return score_magnitude


MAGNITUDE = Pruner("magnitude", _prepare, uniform_budget)

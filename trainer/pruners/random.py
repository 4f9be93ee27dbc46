"""Random masks with the same share of every tensor; a baseline that any other pruner has to beat."""

from trainer.models.network import Network
from trainer.pruners.budgets import uniform_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores


def score_random(context: ScoringContext) -> Scores:
    """Uniform in [0, 1)."""
    return tuple(None if mask is None else context.random.random(mask.shape) for mask in context.masks)


def _prepare(network: Network) -> Scorer:  # noqa: ARG001 - nothing to compile
    return score_random


RANDOM = Pruner(_prepare, uniform_budget)

"""Random masks with the same share of every tensor; a baseline that any other pruner has to beat."""

from trainer.models.network import Network
from trainer.pruners.budgets import uniform_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores


def score_random(context: ScoringContext) -> Scores:
    """Uniform in [0, 1)."""
    return tuple(context.random.random(spec.shape) if spec.prunable else None for spec in context.network.specs)


def prepare(network: Network) -> Scorer:  # noqa: ARG001 - nothing to compile
    """Nothing needs to be prepared."""
    return score_random


RANDOM = Pruner("random", prepare, uniform_budget)

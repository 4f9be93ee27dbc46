"""GraSP: keep the weights whose removal would weaken the flow of gradients most.

C. Wang, G. Zhang, R. Grosse: "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020,
arXiv 2002.07376. Moving the weights by d changes the squared norm of the gradient g by about 2 d·H g, H the Hessian.
Removing one weight is d = -w, so it changes the norm in proportion to S = -w * (H g), the paper's score: negative where
the removal weakens the flow. The paper drops the weights with the largest S and keeps the smallest ones, which are the
most negative (its algorithm 1, and its authors' code). Here a high score is kept, so the score is

    -S = w * (H g).

As the authors do, logits are divided by a temperature of 200, normalisations take the statistics of the batch, and H
and g regard the prunable tensors only. Scores have both signs: a weight may have a high magnitude and be the first to
go.

Training starts from the weights that were scored, as in the paper; scaled up, they ended far worse (docs/results.md).
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.budgets import global_budget
from trainer.pruners.gradients import compile_hessian_gradient
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores

TEMPERATURE = 200.0


def prepare(network: Network) -> Scorer:
    """Compile the Hessian-gradient product of ``network``."""
    product = compile_hessian_gradient(network, TEMPERATURE)

    def score(context: ScoringContext) -> Scores:
        products = product(context.weights, context.batch())
        return tuple(
            None if one is None else np.multiply(one, weight, dtype=np.float64)
            for one, weight in zip(products, context.weights, strict=True)
        )

    return score


GRASP = Pruner("grasp", prepare, global_budget, needs_data=True, rescales=False)

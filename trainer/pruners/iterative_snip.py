"""Iterative SNIP: SNIP in many small steps, each scored in the network that the step before left.

P. de Jorge, A. Sanyal, H. S. Behl, P. H. S. Torr, G. Rogez, P. K. Dokania: "Progressive Skeletonization: Trimming more
fat from a network at initialization", ICLR 2021, arXiv 2006.09081, and S. Verdenius, M. Stol, P. Forré: "Pruning via
Iterative Ranking of Sensitivity Statistics", arXiv 2006.00896. The density falls exponentially; what is dropped stays
dropped. :mod:`trainer.pruners.force` is the variant in which it may return.
"""

from trainer.pruners.budgets import global_budget
from trainer.pruners.pruner import Pruner
from trainer.pruners.snip import prepare

STEPS = 20
"""More steps cost time in proportion."""

ITERATIVE_SNIP = Pruner("iter-snip", prepare, global_budget, STEPS, needs_data=True)

"""ERK: random masks, denser where a layer has few weights for its size; a baseline.

U. Evci, T. Gale, J. Menick, P. S. Castro, E. Elsen: "Rigging the Lottery: Making All Tickets Winners", ICML 2020,
arXiv 1911.11134: the density of a tensor is in proportion to the sum of its dimensions divided by their product
(Erdős-Rényi-Kernel).
"""

from trainer.pruners.budgets import erk_budget
from trainer.pruners.pruner import Pruner
from trainer.pruners.random import prepare

ERK = Pruner("erk", prepare, erk_budget)

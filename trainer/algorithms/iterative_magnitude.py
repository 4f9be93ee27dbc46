"""Conventional iterative magnitude pruning: dense at first, sparser every few rounds, by TFMOT's own code.

M. Zhu, S. Gupta: "To prune, or not to prune: exploring the efficacy of pruning for model compression", 2017, arXiv
1710.01878: ``prune_low_magnitude`` with ``PolynomialDecay``, a round for a step. The server copies the aggregated
weights into a twin and TFMOT decides which of them stay, the same share of every tensor, so the achieved sparsity is
the wanted one up to rounding by tensor. It is reached after about two thirds of the rounds. A weight that is dropped
is 0 from then on, and so never comes back. Clients are told the new masks.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from trainer.algorithms.adjusting import change_masks, run_round_and_tell
from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.fedavg import init as dense
from trainer.engines.base import Engine
from trainer.models.network import Network
from trainer.tensors import Masks

if TYPE_CHECKING:
    from trainer.tfmot.low_magnitude import LowMagnitude

REACHED = 2 / 3
"""Share of the run after which the sparsity is reached."""


def init(beginning: Beginning) -> ServerState:
    """Everything."""
    return dense(beginning)


def schedule(plan: RoundPlan) -> tuple[int, int]:
    """The round after which the sparsity is reached, and the rounds between two changes, which divide it."""
    last = max(1, round(REACHED * plan.rounds))
    frequency = min(plan.adjust_every, last)
    return last - last % frequency, frequency


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round, and a step of the schedule."""
    after, metrics = run_round_and_tell(state, engine, plan)
    end, frequency = schedule(plan)
    if after.round > end or after.round % frequency:
        return after, metrics
    found = _twin(plan.network, plan.sparsity, end, frequency).masks(after.weights, after.round)
    return change_masks(after, engine, _both(state.masks[0], found)), metrics


@lru_cache(maxsize=1)
def _twin(network: Network, sparsity: float, end: int, frequency: int) -> "LowMagnitude":
    from trainer.tfmot.low_magnitude import LowMagnitude

    return LowMagnitude(network, sparsity, end=end, frequency=frequency)


def _both(before: Masks, found: Masks) -> Masks:
    """Of weights that are 0 in equal number TFMOT may keep all; those that were dropped stay dropped."""
    rows = zip(before, found, strict=True)
    return tuple(one if one is None or other is None else one & other for one, other in rows)


ITERATIVE_MAGNITUDE = Algorithm(init, run_round, prunes=True, fixed_masks=False)

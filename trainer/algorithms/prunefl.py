"""PruneFL: start from one client's choice of weights, and choose again every few rounds by all clients' gradients.

Y. Jiang et al.: "Model Pruning Enables Efficient Federated Learning on Edge Devices", 2019, arXiv 1909.12326. A weight
is worth its squared gradient over the time it costs. Simplified: the initial choice is one cut at the client with
the most samples, by the gradient at the initial weights (the paper trains there first); time is the
weight's multiplications, not measured seconds; and the model keeps the size that ``--sparsity`` says, where the paper
lets the ratio of worth to time decide the size too. Worth alone would empty whole layers at 98 %, so half of the
weights are spread over the layers first (:func:`choose`). Clients square the gradient at the weights that they
received, so nothing more goes down for it; every squared gradient goes up, as float32 in the model's order.
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.algorithms.adjusting import (
    Bytes,
    announced,
    answering,
    best,
    change_masks,
    is_due,
    kept_at,
    prunable,
    run_round_and_tell,
    with_bytes,
)
from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.channels import macs
from trainer.engines.base import Engine
from trainer.engines.gradients import compile_gradients
from trainer.initialisers import rescale_survivors
from trainer.models.network import Network
from trainer.pruners.budgets import erk_budget, global_budget
from trainer.tensors import Float64, Masks, Scores, Weights
from trainer.traffic import payload_bytes

UNTIL = 0.75
"""Share of the run after which masks stay."""


def init(beginning: Beginning) -> ServerState:
    """The client with the most samples chooses."""
    network, specs = beginning.network, beginning.network.specs
    gradients = compile_gradients(network)(beginning.weights, *beginning.samples_of(beginning.richest()))
    masks = choose(_worth(network, _squares(gradients)), kept_at(specs, beginning.sparsity))
    weights = rescale_survivors(specs, beginning.weights, masks)
    return announced(ServerState(0, specs, weights, (masks,) * beginning.clients))


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round, and a new choice where one is due."""
    after, metrics = run_round_and_tell(state, engine, plan)
    if not metrics.applied or not is_due(after, plan, until=UNTIL):
        return after, metrics
    squares, up = _clients_squares(state, engine, answering(metrics))
    masks = choose(_worth(plan.network, squares), kept_at(state.specs, plan.sparsity))
    return change_masks(after, engine, masks), with_bytes(metrics, up=up)


def choose(worth: Scores, keep: int) -> Masks:
    """The best of each tensor up to half of what an Erdős-Rényi-Kernel budget gives it, then the best of all."""
    assured = best(worth, erk_budget(worth, keep // 2))
    ranked = tuple(
        None if score is None or mask is None else np.where(mask, np.inf, score)
        for score, mask in zip(worth, assured, strict=True)
    )
    return best(ranked, global_budget(ranked, keep))


def _clients_squares(state: ServerState, engine: Engine, clients: tuple[int, ...]) -> tuple[list[Float64], Bytes]:
    """Mean of the clients' squared gradients, weighted by samples, and what sending them takes."""
    total, samples, up = [np.zeros(spec.shape) for spec in state.specs], 0, {}
    for reply in engine.gradients(clients, state.weights):
        squares = _squares(reply.gradients)
        sent = prunable(state.specs, tuple(square.astype(np.float32) for square in squares))
        up[reply.client] = payload_bytes(sent.astype("<f4").tobytes())
        total = [one + reply.samples * square for one, square in zip(total, squares, strict=True)]
        samples += reply.samples
    return [one / samples for one in total], up


def _squares(gradients: Weights) -> list[Float64]:
    return [gradient.astype(np.float64) ** 2 for gradient in gradients]


def _worth(network: Network, squares: list[Float64]) -> Scores:
    """Squared gradient over multiplications."""
    rows = zip(network.specs, squares, _times(network), strict=True)
    return tuple(square / time if spec.prunable else None for spec, square, time in rows)


def _times(network: Network) -> list[float]:
    """Multiplications of one weight of each tensor; 1 for all where the network's cannot be counted."""
    try:
        counts = macs(network)
    except UserError:
        return [1.0] * len(network.specs)
    return [1.0 if count is None else count / spec.size for spec, count in zip(network.specs, counts, strict=True)]


PRUNEFL = Algorithm(init, run_round, prunes=True, fixed_masks=False)

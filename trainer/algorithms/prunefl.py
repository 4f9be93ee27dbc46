"""PruneFL: one client trains and cuts the model down, then all clients' gradients choose again every few rounds.

Y. Jiang et al.: "Model Pruning Enables Efficient Federated Learning on Edge Devices", 2019, arXiv 1909.12326. A cut
may drop only the smallest weights of each tensor, :data:`EXCHANGED` of them; what stands in their place are those of
all other weights, dropped ones too, that are worth most: squared gradient over the time that a weight costs. The client
with the most samples cuts first, while it trains, and its weights are where everybody starts. Simplified: time is the
weight's multiplications, not measured seconds; the model gets the size that ``--sparsity`` says, where the paper lets
the ratio of worth to time decide the size too; and clients square the gradient at the weights that they received, not
those of their steps, so nothing more goes down for it. Every squared gradient goes up, as float32 in the model's order.
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
from trainer.masks import apply_masks, top_k
from trainer.models.network import Network
from trainer.pruners.budgets import global_budget
from trainer.tensors import Bool, Float32, Float64, Masks, Scores, Weights, all_kept, count_kept
from trainer.traffic import payload_bytes
from trainer.values import pack_values
from trainer.wire.masks import encode_masks

EXCHANGED = 0.3
"""Of a tensor's kept weights that a cut may drop, the setting of the paper's authors."""
SHRUNK = EXCHANGED / 2
"""Of all kept weights that a cut of the first client drops; so worth decides about as many as magnitude does."""
STEPS, RATE = 5, 0.05
"""Steps of gradient descent between two cuts of the first client, over its whole batch, and their learning rate."""
UNTIL = 0.75
"""Share of the run after which masks stay."""


def init(beginning: Beginning) -> ServerState:
    """The client with the most samples trains and cuts until the sparsity is reached."""
    network, specs = beginning.network, beginning.network.specs
    x, y = beginning.samples_of(beginning.richest())
    gradients, wanted = compile_gradients(network), kept_at(specs, beginning.sparsity)
    weights, masks = beginning.weights, all_kept(specs)
    while (keep := count_kept(specs, masks)) > wanted:
        squares = [np.zeros(spec.shape) for spec in specs]
        for _ in range(STEPS):
            found = gradients(weights, x, y)
            squares = [one + square for one, square in zip(squares, _squares(found), strict=True)]
            stepped = (one - np.float32(RATE) * gradient for one, gradient in zip(weights, found, strict=True))
            weights = apply_masks(specs, tuple(stepped), masks)
        masks = cut(weights, masks, _worth(network, squares), max(wanted, int((1 - SHRUNK) * keep)))
        weights = apply_masks(specs, weights, masks)
    return announced(ServerState(0, specs, weights, (masks,) * beginning.clients))


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round, and a new choice where one is due."""
    after, metrics = run_round_and_tell(state, engine, plan)
    if state.round == 0:
        metrics = with_bytes(metrics, up={plan.cohort[0]: _first_choice_bytes(state)})
    if not metrics.applied or not is_due(after, plan, until=UNTIL):
        return after, metrics
    squares, up = _clients_squares(state, engine, answering(metrics))
    masks = cut(after.weights, state.masks[0], _worth(plan.network, squares), kept_at(state.specs, plan.sparsity))
    return change_masks(after, engine, masks), with_bytes(metrics, up=up)


def cut(weights: Weights, masks: Masks, worth: Scores, keep: int) -> Masks:
    """Keep each tensor's largest kept weights, all but :data:`EXCHANGED`, and of all others those worth most."""
    ranked = tuple(
        None if score is None or mask is None else np.where(_largest(weight, mask), np.inf, score)
        for weight, mask, score in zip(weights, masks, worth, strict=True)
    )
    return best(ranked, global_budget(ranked, keep))


def _largest(weight: Float32, mask: Bool) -> Bool:
    count = int(np.count_nonzero(mask))
    return top_k(np.where(mask, np.abs(weight.astype(np.float64)), -np.inf), count - int(EXCHANGED * count))


def _first_choice_bytes(state: ServerState) -> int:
    """The first client's mask and values go up; the first of the first cohort stands for it."""
    values = pack_values(state.weights, state.masks[0])
    return payload_bytes(encode_masks(state.specs, state.masks[0])) + payload_bytes(values.astype("<f4").tobytes())


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

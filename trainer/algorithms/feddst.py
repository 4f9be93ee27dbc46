"""FedDST: a random sparse start; every few rounds small weights are exchanged for those with large gradients.

S. Bibikar, H. Vikalo, Z. Wang, X. Chen: "Federated Dynamic Sparse Training: Computing Less, Communicating Less, Yet
Learning Better", AAAI 2022, arXiv 2112.09824. Densities of layers are Erdős-Rényi-Kernel, and in each layer a share of
the kept weights, which falls by a cosine (U. Evci et al., arXiv 1911.11134), is pruned by magnitude and grown by
gradient. Simplified: in the paper each client prunes and grows before it trains on, and the server takes the sparse
mean of unlike masks and prunes that by magnitude. Here masks stay shared: the server prunes the mean by magnitude,
and each client proposes, of the weights its mask drops, those with its largest gradients at the weights it received;
the sum of the proposals, weighted by samples, decides. A proposal goes up as positions and float32 gradients.
"""

from math import cos, pi

import numpy as np

from trainer.algorithms.adjusting import (
    Bytes,
    answering,
    change_masks,
    is_due,
    prunable,
    run_round_and_tell,
    with_bytes,
)
from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.engines.base import Engine
from trainer.initialisers import rescale_survivors
from trainer.masks import top_k
from trainer.pruners import PRUNERS, prune
from trainer.seeds import Purpose, generator
from trainer.tensors import Bool, Float32, Float64, Masks, Scores, Weights
from trainer.traffic import payload_bytes
from trainer.wire.masks import encode_chosen

SHARE = 0.3
"""Of a layer's kept weights that the first adjustment exchanges, as in arXiv 1911.11134."""
UNTIL = 0.75
"""Share of the run after which masks stay."""


def init(beginning: Beginning) -> ServerState:
    """Random masks; a function of the seed, so nobody has to be told."""
    network, random = beginning.network, generator(beginning.seed, Purpose.SCORES)
    masks = prune(PRUNERS.get("erk"), network, beginning.weights, beginning.sparsity, random=random)
    weights = rescale_survivors(network.specs, beginning.weights, masks)
    return ServerState(0, network.specs, weights, (masks,) * beginning.clients)


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round, and an exchange of weights where one is due."""
    after, metrics = run_round_and_tell(state, engine, plan)
    if not metrics.applied or not is_due(after, plan, until=UNTIL):
        return after, metrics
    share = SHARE / 2 * (1 + cos(pi * after.round / (UNTIL * plan.rounds)))
    counts = exchanged(state.masks[0], share)
    votes, up = collect_votes(state, engine, answering(metrics), counts)
    masks = exchange(after.weights, state.masks[0], votes, counts)
    return change_masks(after, engine, masks), with_bytes(metrics, up=up)


def exchanged(masks: Masks, share: float) -> tuple[int, ...]:
    """How many weights of each tensor are exchanged: a share of the kept, and no more than are dropped."""
    return tuple(
        0 if mask is None else min(int(share * np.count_nonzero(mask)), int(np.count_nonzero(~mask))) for mask in masks
    )


def collect_votes(
    state: ServerState, engine: Engine, clients: tuple[int, ...], counts: tuple[int, ...]
) -> tuple[Scores, Bytes]:
    """For each dropped weight the magnitudes of the gradients that clients proposed it with, weighted by samples.

    Args:
        state: its weights are those that clients received, its masks are shared.
        engine: computes gradients.
        clients: who is asked.
        counts: for each tensor, how many weights a client proposes.

    Returns:
        The votes, 0 where nobody proposed a weight, and the bytes of each client's proposal.
    """
    masks, up = state.masks[0], {}
    votes: list[Float64 | None] = [None if mask is None else np.zeros(mask.shape) for mask in masks]
    for reply in engine.gradients(clients, state.weights):
        chosen = _proposal(reply.gradients, masks, counts)
        for vote, gradient, mask in zip(votes, reply.gradients, chosen, strict=True):
            if vote is not None and mask is not None:
                vote[mask] += reply.samples * np.abs(gradient[mask].astype(np.float64))
        up[reply.client] = payload_bytes(_sent(state, reply.gradients, chosen))
    return tuple(votes), up


def exchange(weights: Weights, masks: Masks, votes: Scores, counts: tuple[int, ...]) -> Masks:
    """Drop the smallest kept weights of each tensor, and keep as many of the dropped ones with most votes instead."""
    rows = zip(weights, masks, votes, counts, strict=True)
    return tuple(
        mask if mask is None or vote is None or count == 0 else _exchange(weight, mask, vote, count)
        for weight, mask, vote, count in rows
    )


def _exchange(weight: Float32, mask: Bool, vote: Float64, count: int) -> Bool:
    sizes = np.where(mask, np.abs(weight.astype(np.float64)), -np.inf)
    return top_k(sizes, int(np.count_nonzero(mask)) - count) | top_k(np.where(mask, -np.inf, vote), count)


def _proposal(gradients: Weights, masks: Masks, counts: tuple[int, ...]) -> Masks:
    return tuple(
        None if mask is None else top_k(np.where(mask, -np.inf, np.abs(gradient.astype(np.float64))), count)
        for gradient, mask, count in zip(gradients, masks, counts, strict=True)
    )


def _sent(state: ServerState, gradients: Weights, chosen: Masks) -> bytes:
    rows = zip(state.specs, chosen, strict=True)
    line = np.concatenate([mask.ravel() for spec, mask in rows if spec.prunable and mask is not None])
    return encode_chosen(np.flatnonzero(line), prunable(state.specs, gradients)[line])


FEDDST = Algorithm(init, run_round, prunes=True, fixed_masks=False)

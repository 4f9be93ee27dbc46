"""FedTiny: the best of several coarse masks by clients' losses, then a finer one layer by layer.

H. Huang et al.: "Distributed Pruning Towards Tiny Neural Networks in Federated Learning", ICDCS 2023, arXiv 2212.01977.
Adaptive batch-normalisation selection: candidates differ in how dense each layer is; clients measure running statistics
under each, the server takes their mean, and the candidate with the lowest loss under it over all clients wins.
Progressive pruning: every few rounds, from the last layer to the first and around again, as many weights of one layer
as :func:`adjusted` says are exchanged, small magnitudes for large gradients; clients send just the largest gradients.
Simplified: weights are not pretrained, one adjustment concerns one tensor, not one block, and clients are shown a batch
of their samples for the selection. Candidates follow from the seed, so they are not sent.
"""

from math import cos, pi

import numpy as np

from trainer.algorithms.adjusting import answering, best, change_masks, is_due, kept_at, run_round_and_tell, with_bytes
from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.feddst import collect_votes, exchange
from trainer.engines.base import Engine
from trainer.evaluate import compile_evaluator
from trainer.initialisers import rescale_survivors
from trainer.models.statistics import compile_statistics
from trainer.pruners.budgets import erk_budget, global_budget
from trainer.pruners.guards import with_floor
from trainer.seeds import Purpose, generator
from trainer.tensors import Float64, Masks, Weights
from trainer.traffic import payload_bytes

CANDIDATES = 8
SPREAD = 0.5
"""Standard deviation of the logarithm of the factor between a layer's density in a candidate and its usual one."""
UNTIL = 0.75
"""Share of the run after which masks stay."""
SELECTION = "fedtiny/selection"
"""Name in the memory: bytes down and up of the selection for each client, float32 (2,), exact below 2^24."""


def init(beginning: Beginning) -> ServerState:
    """Let all clients select one of the candidates."""
    specs = beginning.network.specs
    masks = [_candidate(beginning, number) for number in range(CANDIDATES)]
    starts = [rescale_survivors(specs, beginning.weights, mask) for mask in masks]
    starts, sent = _measured(beginning, starts)
    winner = int(np.argmin(_losses(beginning, starts)))
    memory: dict[str, Weights] = {
        SELECTION: (np.array([sent, sent + payload_bytes(bytes(4 * CANDIDATES))], np.float32),)
    }
    return ServerState(0, specs, starts[winner], (masks[winner],) * beginning.clients, memory)


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round, and an adjustment of one layer where one is due."""
    after, metrics = run_round_and_tell(state, engine, plan)
    if state.round == 0:
        # Every client took part in the selection; the first cohort's exchanges stand for all.
        down, up = (int(count) * len(state.masks) // len(plan.cohort) for count in state.memory[SELECTION][0])
        metrics = with_bytes(metrics, down=dict.fromkeys(plan.cohort, down), up=dict.fromkeys(plan.cohort, up))
    if not metrics.applied or not is_due(after, plan, until=UNTIL):
        return after, metrics
    counts = adjusted(state.masks[0], after.round, plan)
    votes, up_bytes = collect_votes(state, engine, answering(metrics), counts)
    masks = exchange(after.weights, state.masks[0], votes, counts)
    return change_masks(after, engine, masks), with_bytes(metrics, up=up_bytes)


def adjusted(masks: Masks, number: int, plan: RoundPlan) -> tuple[int, ...]:
    """How many weights of each tensor are exchanged after round ``number``: 0.15 (1 + cos) of one layer's, or none."""
    layers = [position for position, mask in enumerate(masks) if mask is not None][::-1]
    layer = layers[(number // plan.adjust_every - 1) % len(layers)]
    share = 0.15 * (1 + cos(pi * number / (UNTIL * plan.rounds)))
    mask = masks[layer]
    assert mask is not None
    count = min(int(share * np.count_nonzero(mask)), int(np.count_nonzero(~mask)))
    return tuple(count if position == layer else 0 for position in range(len(masks)))


def _candidate(beginning: Beginning, number: int) -> Masks:
    """The largest weights of each layer; its density is Erdős-Rényi-Kernel's times a random factor."""
    random, specs = generator(beginning.seed, Purpose.SCORES, number), beginning.network.specs
    keep = kept_at(specs, beginning.sparsity)
    sizes = tuple(
        np.abs(weight.astype(np.float64)) if spec.prunable else None
        for spec, weight in zip(specs, beginning.weights, strict=True)
    )
    # The place of a weight in its layer's ranking, in units of what the layer may keep, decides across layers.
    places = tuple(
        None if size is None or count is None else -_ranks(size) / (count * np.exp(SPREAD * random.normal()))
        for size, count in zip(sizes, with_floor(erk_budget(sizes, keep)), strict=True)
    )
    return best(places, global_budget(places, keep))


def _ranks(sizes: Float64) -> Float64:
    """1 for the largest, and so on."""
    ranks = np.empty(sizes.size)
    ranks[np.argsort(-sizes, axis=None, kind="stable")] = np.arange(1, sizes.size + 1)
    return ranks.reshape(sizes.shape)


def _measured(beginning: Beginning, starts: list[Weights]) -> tuple[list[Weights], int]:
    """Candidates with the mean of the clients' statistics, and the bytes of all these statistics one way."""
    measure, count = compile_statistics(beginning.network), beginning.network.trained
    if count == len(beginning.network.specs):
        return starts, 0
    shares = np.array(beginning.samples, np.float64) / sum(beginning.samples)
    result = []
    for start in starts:
        found = [measure(start, beginning.samples_of(client)[0])[count:] for client in range(beginning.clients)]
        means = [np.tensordot(shares, np.stack(rows), 1).astype(np.float32) for rows in zip(*found, strict=True)]
        result.append((*start[:count], *means))
    sent = np.concatenate([tensor.ravel() for start in result for tensor in start[count:]])
    return result, payload_bytes(sent.astype("<f4").tobytes())


def _losses(beginning: Beginning, starts: list[Weights]) -> list[float]:
    """Of each candidate the mean over the clients, weighted by samples."""
    batches = [beginning.samples_of(client) for client in range(beginning.clients)]
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    evaluate, ends = compile_evaluator(beginning.network, x, y), np.cumsum([len(labels) for _, labels in batches])
    result = []
    for start in starts:
        parts = np.split(evaluate(start).losses, ends[:-1])
        result.append(float(np.average([part.mean() for part in parts], weights=beginning.samples)))
    return result


FEDTINY = Algorithm(init, run_round, prunes=True, fixed_masks=False)

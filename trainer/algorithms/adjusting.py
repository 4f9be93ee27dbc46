"""What methods whose masks change share: when, how masks are cut and replaced, and what telling clients costs.

Masks are shared by all clients. A client is told the current masks together with the values of the next round that
it is asked in, unless it can compute them itself; the bytes appear in that round's exchange.
"""

from dataclasses import replace

import numpy as np

from trainer.algorithms.algorithm import RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.rounds import run_round
from trainer.engines.base import Engine
from trainer.masks import apply_masks, top_k
from trainer.pruners.guards import with_floor
from trainer.tensors import Float32, Masks, Scores, TensorSpec, Weights
from trainer.traffic import payload_bytes
from trainer.wire.masks import encode_masks

UNAWARE = "masks/unaware"
"""Name in :attr:`ServerState.memory`: float32 (clients,), 1 for each client that does not know the current masks."""

Bytes = dict[int, int]
"""By client."""


def kept_at(specs: tuple[TensorSpec, ...], sparsity: float) -> int:
    """Prunable weights that a sparsity leaves, at least one for each tensor."""
    sizes = [spec.size for spec in specs if spec.prunable]
    return max(round(sum(sizes) * (1 - sparsity)), len(sizes))


def best(scores: Scores, counts: tuple[int | None, ...]) -> Masks:
    """Keep so many of the best of each tensor, but at least one, which the tensors that keep most give up."""
    return tuple(
        None if score is None or count is None else top_k(score, count)
        for score, count in zip(scores, with_floor(counts), strict=True)
    )


def is_due(state: ServerState, plan: RoundPlan, *, until: float) -> bool:
    """Whether masks change after the round that ``state`` has just done; never in the last ``1 - until`` of the run."""
    return state.round % plan.adjust_every == 0 and state.round <= until * plan.rounds


def announced(state: ServerState) -> ServerState:
    """The state when no client knows its masks yet."""
    return replace(state, memory={**state.memory, UNAWARE: (np.ones(len(state.masks), np.float32),)})


def change_masks(state: ServerState, engine: Engine, masks: Masks) -> ServerState:
    """Replace everyone's masks: what is dropped loses its value and its velocity, what grows starts at 0."""
    engine.agree(shared := (masks,) * len(state.masks))
    weights = apply_masks(state.specs, state.weights, masks)
    memory = {name: _forget(state.specs, tensors, masks) for name, tensors in state.memory.items()}
    return announced(replace(state, weights=weights, masks=shared, memory=memory))


def run_round_and_tell(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """A round in which clients of the cohort are told the masks that they do not know."""
    after, metrics = run_round(state, engine, plan)
    if UNAWARE not in state.memory:
        return after, metrics
    unaware = state.memory[UNAWARE][0].copy()
    size = payload_bytes(encode_masks(state.specs, state.masks[0]))
    down = {client: size for client in plan.cohort if unaware[client]}
    unaware[list(plan.cohort)] = 0
    return replace(after, memory={**after.memory, UNAWARE: (unaware,)}), with_bytes(metrics, down=down)


def with_bytes(metrics: RoundMetrics, *, down: Bytes | None = None, up: Bytes | None = None) -> RoundMetrics:
    """Metrics with more bytes on the line of some clients."""
    exchanges = tuple(
        replace(
            exchange,
            bytes_down=exchange.bytes_down + (down or {}).get(exchange.client, 0),
            bytes_up=exchange.bytes_up + (up or {}).get(exchange.client, 0),
        )
        for exchange in metrics.exchanges
    )
    return replace(metrics, exchanges=exchanges)


def answering(metrics: RoundMetrics) -> tuple[int, ...]:
    """Clients whose update was used; only they are asked for gradients."""
    return tuple(exchange.client for exchange in metrics.exchanges if exchange.samples)


def prunable(specs: tuple[TensorSpec, ...], tensors: Weights) -> Float32:
    """The prunable tensors laid end to end."""
    rows = zip(specs, tensors, strict=True)
    return np.concatenate([tensor.ravel() for spec, tensor in rows if spec.prunable])


def _forget(specs: tuple[TensorSpec, ...], tensors: Weights, masks: Masks) -> Weights:
    """Memory that is shaped like the model, zero where masks drop; other memory as it is."""
    if tuple(tensor.shape for tensor in tensors) != tuple(spec.shape for spec in specs):
        return tensors
    rows = zip(tensors, masks, strict=True)
    return tuple(tensor if mask is None else np.where(mask, tensor, np.float32(0)) for tensor, mask in rows)

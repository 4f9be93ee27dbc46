"""The round that all algorithms with fixed masks share: broadcast values, train locally, average over holders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from trainer.aggregation import HeldWeights, check_reply, sparse_mean
from trainer.aggregation.validate import check_all_replied
from trainer.algorithms.algorithm import Exchange, RoundMetrics, ServerState
from trainer.engines.base import ClientReply, ClientTask, Engine, LocalWork
from trainer.tensors import Float32, Masks
from trainer.traffic import values_bytes
from trainer.values import pack_values, unpack_values


def run_round(state: ServerState, engine: Engine, work: LocalWork) -> tuple[ServerState, RoundMetrics]:
    """One round over all clients.

    Raises:
        InvalidReplyError: a client's reply is wrong or missing.
    """
    broadcasts = _broadcasts(state)
    log = _Log()
    replies = engine.train(_tasks(state, broadcasts, work))
    weights = sparse_mean(state.weights, _held(state, broadcasts, replies, log))
    check_all_replied(log.exchanges, len(state.masks), state.round + 1)
    samples = sum(exchange.samples for exchange in log.exchanges.values())
    metrics = RoundMetrics(log.weighted_loss / samples, tuple(log.exchanges.values()))
    return replace(state, round=state.round + 1, weights=weights), metrics


@dataclass(frozen=True)
class _Broadcast:
    """What goes down to the clients of one mask, packed and measured once."""

    values: Float32
    bytes: int


@dataclass
class _Log:
    """What the stream of replies leaves behind."""

    exchanges: dict[int, Exchange] = field(default_factory=dict)
    weighted_loss: float = 0.0


def _broadcasts(state: ServerState) -> tuple[_Broadcast, ...]:
    """For each client its broadcast; clients that share a mask share it."""
    by_mask: dict[int, _Broadcast] = {}
    for masks in state.masks:
        if id(masks) not in by_mask:
            by_mask[id(masks)] = _broadcast(state, masks)
    return tuple(by_mask[id(masks)] for masks in state.masks)


def _broadcast(state: ServerState, masks: Masks) -> _Broadcast:
    values = pack_values(state.weights, masks)
    return _Broadcast(values, values_bytes(values))


def _tasks(state: ServerState, broadcasts: tuple[_Broadcast, ...], work: LocalWork) -> Iterator[ClientTask]:
    for client, broadcast in enumerate(broadcasts):
        yield ClientTask(client, state.round + 1, broadcast.values, work)


def _held(
    state: ServerState, broadcasts: tuple[_Broadcast, ...], replies: Iterable[ClientReply], log: _Log
) -> Iterator[HeldWeights]:
    """Check and measure replies as they come; each is forgotten once it is averaged."""
    counts = [len(broadcast.values) for broadcast in broadcasts]
    for reply in replies:
        check_reply(reply, state.round + 1, counts, log.exchanges)
        down, up = broadcasts[reply.client].bytes, values_bytes(reply.values)
        log.exchanges[reply.client] = Exchange(reply.client, reply.samples, down, up)
        log.weighted_loss += reply.samples * reply.loss
        masks = state.masks[reply.client]
        yield HeldWeights(unpack_values(reply.values, masks, state.specs), masks, reply.samples)

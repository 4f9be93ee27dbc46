"""The round that all algorithms share: broadcast values, train locally, aggregate over holders, step the server."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

import numpy as np

from host_bridge.errors import UserError
from trainer.aggregation import Held, HeldValues, InvalidReplyError, ReplyChecker
from trainer.algorithms.algorithm import Exchange, RoundMetrics, RoundPlan, ServerState
from trainer.engines.base import ClientReply, ClientTask, Engine
from trainer.masks import fingerprint
from trainer.tensors import Bool, Float32, Masks, Role
from trainer.traffic import payload_bytes
from trainer.values import pack_values
from trainer.wire import CODECS, Codec

_SMALLER = "use a lower --learning-rate"


def run_round(state: ServerState, engine: Engine, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    """One round over a cohort.

    A client that does not answer, or too late, or whose update is wrong, is left out. If fewer than the quorum remain,
    the model stays as it is.

    Raises:
        UserError: every single update was wrong, or the model's values do not fit the encoding; says why.
    """
    round_ = _Round(state, plan)
    replies = engine.train(round_.tasks())
    mean = plan.aggregate(state.weights, round_.held(replies))
    metrics = round_.metrics()
    advanced = replace(state, round=state.round + 1)
    if not metrics.applied:
        return advanced, metrics
    weights, memory = plan.optimise(state.specs, state.weights, mean, round_.union(), state.memory)
    return replace(advanced, weights=weights, memory={**state.memory, **memory}), metrics


def _either(some: Masks, others: Masks) -> Masks:
    rows = zip(some, others, strict=True)
    return tuple(None if one is None or other is None else one | other for one, other in rows)


@dataclass(frozen=True)
class _Broadcast:
    """What goes down to the clients of one mask, packed and measured once."""

    own: Float32 = field(repr=False)
    payload: bytes = field(repr=False)
    bytes: int
    fingerprint: int
    variances: Bool = field(repr=False)
    """Which of the values are running variances."""

    def valid(self, values: Float32) -> Float32:
        """Values of a client; variances that rounding on the line has made negative become 0."""
        return np.where(self.variances, np.maximum(values, np.float32(0)), values) if self.variances.any() else values


@dataclass
class _Round:
    """One round while it runs: what was sent, and what came back."""

    state: ServerState
    plan: RoundPlan
    replied: dict[int, int] = field(default_factory=dict)
    """Samples of each client whose update is used."""
    sent: Counter[int] = field(default_factory=Counter)
    """Bytes that each client has sent, used or not."""
    received: dict[int, int] = field(default_factory=dict)
    """Bytes that a real line has carried to a client, where that was measured."""
    late: set[int] = field(default_factory=set)
    rejected: list[str] = field(default_factory=list)
    weighted_loss: float = 0.0

    @cached_property
    def codec(self) -> Codec:
        return CODECS.get(self.plan.work.encoding)

    @cached_property
    def broadcasts(self) -> dict[int, _Broadcast]:
        """For each client of the cohort its broadcast; clients that share a mask share it."""
        masks = {client: self.state.masks[client] for client in self.plan.cohort}
        by_mask = {id(mask): self._broadcast(mask) for mask in {id(m): m for m in masks.values()}.values()}
        return {client: by_mask[id(mask)] for client, mask in masks.items()}

    def tasks(self) -> Iterator[ClientTask]:
        """What the clients that are there have to do."""
        number = self.state.round + 1
        for client, sent in self.broadcasts.items():
            if client not in self.plan.absent:
                yield ClientTask(client, number, sent.payload, self.plan.work, sent.fingerprint)

    def held(self, replies: Iterable[ClientReply]) -> Iterator[Held]:
        """Check and measure replies as they come; each is forgotten once it is aggregated."""
        checker = ReplyChecker(
            self.state.round + 1,
            self.codec,
            {client: sent.own for client, sent in self.broadcasts.items()},
            {client: sent.fingerprint for client, sent in self.broadcasts.items()},
        )
        for reply in replies:
            self._measure(reply)
            if reply.client in self.plan.late:
                self.late.add(reply.client)
                continue
            try:
                values = checker.values(reply, set(self.replied))
            except InvalidReplyError as error:
                self.rejected.append(str(error))
                continue
            self.replied[reply.client] = reply.samples
            self.weighted_loss += reply.samples * reply.loss
            valid = self.broadcasts[reply.client].valid(values)
            yield HeldValues(valid, self.state.masks[reply.client], reply.samples, self.state.specs)

    def union(self) -> Masks:
        """What at least one of the clients whose update was used holds."""
        first, *others = {id(masks): masks for masks in (self.state.masks[client] for client in self.replied)}.values()
        return reduce(_either, others, first)

    def metrics(self) -> RoundMetrics:
        """What happened, once all replies are in."""
        if self.rejected and not self.replied:
            raise UserError(f"{self.rejected[0]}, and no other update could be used; {_SMALLER}")
        samples = sum(self.replied.values())
        exchanges = tuple(
            Exchange(client, self.replied.get(client, 0), self.received.get(client, down.bytes), self.sent[client])
            for client, down in self.broadcasts.items()
        )
        return RoundMetrics(
            loss=self.weighted_loss / samples if samples else None,
            exchanges=exchanges,
            rejected=tuple(self.rejected),
            late=len(self.late),
            applied=bool(self.replied) and len(self.replied) >= self.plan.quorum * len(self.plan.cohort),
        )

    def _measure(self, reply: ClientReply) -> None:
        if reply.measured is None:
            self.sent[reply.client] += payload_bytes(reply.payload)
        else:
            self.sent[reply.client] += reply.measured.up
            self.received[reply.client] = reply.measured.down

    def _broadcast(self, masks: Masks) -> _Broadcast:
        own = pack_values(self.state.weights, masks)
        try:
            payload = self.codec.encode_values(own)
        except ValueError as error:
            raise UserError(f"the server has {error} which do not fit {self.plan.work.encoding}; {_SMALLER}") from None
        flags = tuple(np.full(spec.shape, spec.role is Role.VARIANCE, np.float32) for spec in self.state.specs)
        variances = pack_values(flags, masks) > 0
        return _Broadcast(own, payload, payload_bytes(payload), fingerprint(masks), variances)

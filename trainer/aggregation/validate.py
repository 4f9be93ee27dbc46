"""What a client sends is checked before it touches the model."""

from dataclasses import dataclass, field

import numpy as np

from host_bridge.errors import UserError
from trainer.engines.base import ClientReply
from trainer.tensors import Float32
from trainer.wire import Codec


class InvalidReplyError(UserError):
    """A client's reply cannot be averaged."""


@dataclass(frozen=True)
class ReplyChecker:
    """Checks the replies of one round.

    Attributes:
        round: the round that runs, from 1.
        codec: how updates are written.
        own: for each client of the cohort, the server's values, float32 (values,).
        fingerprints: for each client of the cohort, the fingerprint of its masks.
    """

    round: int
    codec: Codec
    own: dict[int, Float32] = field(repr=False)
    fingerprints: dict[int, int]

    def values(self, reply: ClientReply, seen: set[int]) -> Float32:
        """The client's values, float32 (values,).

        Args:
            reply: what the client sent.
            seen: clients that have replied already.

        Raises:
            InvalidReplyError: unknown client, second reply, wrong round, wrong masks, wrong size, a NaN or an
                infinity, or no samples; names the client.
        """
        fault = self._header_fault(reply, seen)
        if fault is None:
            try:
                values = self.codec.decode_update(reply.payload, self.own[reply.client])
            except ValueError as error:
                raise self._error(reply, str(error)) from None
            fault = _value_fault(values)
        if fault is not None:
            raise self._error(reply, fault)
        return values

    def _header_fault(self, reply: ClientReply, seen: set[int]) -> str | None:
        if reply.client not in self.own:
            return "an update, but was not asked"
        if reply.client in seen:
            return "a second update"
        if reply.round != self.round:
            return f"an update of round {reply.round}"
        if reply.masks != self.fingerprints[reply.client]:
            return "an update under other masks than were agreed"
        if reply.samples < 1:
            return f"a sample count of {reply.samples}"
        return None if np.isfinite(reply.loss) else f"a loss of {reply.loss}"

    def _error(self, reply: ClientReply, fault: str) -> InvalidReplyError:
        return InvalidReplyError(f"client {reply.client} sent {fault} in round {self.round}")


def _value_fault(values: Float32) -> str | None:
    bad = np.flatnonzero(~np.isfinite(values))
    return f"{len(bad)} values that are not finite, the first at position {bad[0]}," if len(bad) else None

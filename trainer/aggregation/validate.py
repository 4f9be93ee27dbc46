"""What a client sends is checked before it touches the model."""

from collections.abc import Container, Sequence

import numpy as np

from host_bridge.errors import UserError
from trainer.engines.base import ClientReply


class InvalidReplyError(UserError):
    """A client's reply cannot be averaged."""


def check_reply(
    reply: ClientReply, round_number: int, value_counts: Sequence[int], seen: Container[int] = ()
) -> ClientReply:
    """Return the reply if it answers the round.

    Args:
        reply: what the client sent.
        round_number: the round that runs.
        value_counts: for each client, the number of values its mask keeps.
        seen: clients that have replied already.

    Raises:
        InvalidReplyError: unknown client, second reply, wrong round, wrong number or type of values, a NaN or an
            infinity, or no samples.
    """
    fault = _fault(reply, round_number, value_counts, seen)
    if fault is not None:
        raise InvalidReplyError(f"client {reply.client} sent {fault} in round {round_number}; remove or restart it")
    return reply


def check_all_replied(seen: Container[int], clients: int, round_number: int) -> None:
    """Refuse a round in which a client said nothing.

    Raises:
        InvalidReplyError: a reply is missing.
    """
    for client in range(clients):
        if client not in seen:
            raise InvalidReplyError(f"client {client} sent nothing in round {round_number}; remove or restart it")


def _fault(reply: ClientReply, round_number: int, value_counts: Sequence[int], seen: Container[int]) -> str | None:
    if not 0 <= reply.client < len(value_counts):
        return f"an update, but there are only {len(value_counts)} clients,"
    if reply.client in seen:
        return "a second update"
    if reply.round != round_number:
        return f"an update of round {reply.round}"
    if reply.samples < 1:
        return f"a sample count of {reply.samples}"
    return _value_fault(reply, value_counts[reply.client])


def _value_fault(reply: ClientReply, count: int) -> str | None:
    values = reply.values
    if values.dtype != np.float32:
        return f"values of type {values.dtype} instead of float32"
    if values.shape != (count,):
        return f"values of shape {list(values.shape)} instead of {[count]}"
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        return f"{len(bad)} values that are not finite, the first at position {bad[0]},"
    if not np.isfinite(reply.loss):
        return f"a loss of {reply.loss}"
    return None

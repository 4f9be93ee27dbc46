"""From clients' replies to the next global model; ways to aggregate by name."""

from collections.abc import Callable

from trainer.aggregation.held import Aggregate, HeldWeights
from trainer.aggregation.sparse_mean import sparse_mean
from trainer.aggregation.validate import InvalidReplyError, ReplyChecker
from trainer.registry import Registry


def _mean(trim: float) -> Aggregate:  # noqa: ARG001 - the signature of all aggregators
    return sparse_mean


AGGREGATORS: Registry[Callable[[float], Aggregate]] = Registry("aggregator", {"mean": _mean})
"""Each takes the share of the clients to trim at either end, which only some use."""

__all__ = ["AGGREGATORS", "Aggregate", "HeldWeights", "InvalidReplyError", "ReplyChecker", "sparse_mean"]

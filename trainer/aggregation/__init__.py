"""From clients' replies to the next global model; ways to aggregate by name."""

from collections.abc import Callable

from trainer.aggregation.clip import clip_norm
from trainer.aggregation.held import Aggregate, Held, HeldValues, HeldWeights
from trainer.aggregation.order import median, trimmed_mean
from trainer.aggregation.sparse_mean import sparse_mean
from trainer.aggregation.validate import InvalidReplyError, ReplyChecker
from trainer.registry import Registry

AGGREGATORS: Registry[Callable[[float], Aggregate]] = Registry(
    "aggregator", {"mean": lambda _: sparse_mean, "median": lambda _: median, "trimmed-mean": trimmed_mean}
)
"""Each takes the share of the clients to trim at either end, which only one uses."""

__all__ = [
    "AGGREGATORS",
    "Aggregate",
    "Held",
    "HeldValues",
    "HeldWeights",
    "InvalidReplyError",
    "ReplyChecker",
    "clip_norm",
    "median",
    "sparse_mean",
    "trimmed_mean",
]

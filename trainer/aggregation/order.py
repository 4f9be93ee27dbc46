"""Aggregation by rank, which a minority of wrong clients cannot move far: median and trimmed mean.

D. Yin, Y. Chen, K. Ramchandran, P. Bartlett: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical
Rates", ICML 2018, arXiv 1803.01498. Each element is treated alone, over the clients that hold it, and every client
counts the same, however many samples it says it has. Running statistics are treated like weights: what comes out
lies between what two clients sent, so a variance stays positive.

Ranks need all updates at once: memory is one copy of the model for each client that replied, and one tensor's
values of all clients while it is sorted.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.aggregation.held import Aggregate, Held
from trainer.tensors import Float32, Weights

Counts = npt.NDArray[np.signedinteger[Any]]
Trim = Callable[[Counts], Counts]
"""From the number of holders of each element to how many are dropped at either end, less than half of them."""

_ROUNDING = 1e-9
"""So that a share of 0.29 of 100 clients is 29, not 28."""


def median(previous: Weights, updates: Iterable[Held]) -> Weights:
    """The middle value of each element's holders, or the mean of the two in the middle."""
    return _by_rank(previous, updates, lambda holders: (holders - 1) // 2)


def trimmed_mean(trim: float) -> Aggregate:
    """The mean of each element's holders without the ``trim`` highest and lowest, as a share below 0.5.

    Of few holders a small share is nobody: ``trim`` of 0.1 drops none of fewer than 10. At least one always stays.
    """

    def aggregate(previous: Weights, updates: Iterable[Held]) -> Weights:
        return _by_rank(previous, updates, lambda holders: np.floor(trim * holders + _ROUNDING).astype(np.int64))

    return aggregate


def _by_rank(previous: Weights, updates: Iterable[Held], trim: Trim) -> Weights:
    kept = list(updates)
    return tuple(_tensor(before, kept, number, trim) for number, before in enumerate(previous))


def _tensor(before: Float32, updates: list[Held], number: int, trim: Trim) -> Float32:
    """One tensor. What a client does not hold is infinite, so it comes behind all that are held."""
    if not updates:
        return before
    values = np.stack([_values(update, number) for update in updates])
    holders = np.count_nonzero(values < np.inf, axis=0)
    values.sort(axis=0)
    dropped = np.where(holders > 0, trim(holders), 0)
    ranks = np.arange(len(values)).reshape(-1, *[1] * before.ndim)
    inner = (ranks >= dropped) & (ranks < holders - dropped)
    total = np.where(inner, values, np.float32(0)).sum(axis=0, dtype=np.float64)
    mean = np.divide(total, holders - 2 * dropped, out=before.astype(np.float64), where=holders > 0)
    rounded: Float32 = mean.astype(np.float32)
    return rounded


def _values(update: Held, number: int) -> Float32:
    weight, mask = update.weights[number], update.masks[number]
    return weight if mask is None else np.where(mask, weight, np.float32(np.inf))

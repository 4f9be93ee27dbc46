"""Sparsity-aware aggregation: each weight is averaged over the clients that hold it.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308. With the same mask everywhere this is the mean of FedAvg over the kept weights.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import EllipsisType

import numpy as np

from trainer.aggregation.held import Held, HeldValues
from trainer.tensors import Bool, Float32, Float64, Masks, Weights


def sparse_mean(previous: Weights, updates: Iterable[Held]) -> Weights:
    """Mean over holders, weighted by samples; what nobody holds stays as in ``previous``.

    Updates are taken one at a time and dropped: memory is two copies of the model, however many clients reply. Values
    of clients that share a mask are added up as they are, without being spread over tensors.
    """
    sums = [np.zeros(weight.shape, np.float64) for weight in previous]
    shares = [np.zeros(weight.shape, np.float64) for weight in previous]
    run: _Run | None = None
    for update in updates:
        if not isinstance(update, HeldValues):
            parts = [np.asarray(weight, np.float64)[_where(mask)] for weight, mask in _rows(update)]
            _add(sums, shares, update.masks, [update.samples * part for part in parts], update.samples)
            continue
        if run is None or run.masks is not update.masks:
            if run is not None:
                run.spread(sums, shares)
            run = _Run(update.masks, np.zeros(update.values.shape, np.float64))
        run.total += update.samples * update.values.astype(np.float64)
        run.samples += update.samples
    if run is not None:
        run.spread(sums, shares)
    return tuple(_mean(*row) for row in zip(previous, sums, shares, strict=True))


@dataclass
class _Run:
    """Updates in a row that hold the same.

    Attributes:
        masks: what they hold.
        total: float64 (values,), the sum of their values, weighted by samples.
        samples: of all of them.
    """

    masks: Masks
    total: Float64 = field(repr=False)
    samples: int = 0

    def spread(self, sums: list[Float64], shares: list[Float64]) -> None:
        """Add the sum to where its values belong."""
        counts = [
            int(np.count_nonzero(mask)) if mask is not None else total.size
            for mask, total in zip(self.masks, sums, strict=True)
        ]
        parts = np.split(self.total, np.cumsum(counts)[:-1])
        shaped = [
            part if mask is not None else part.reshape(total.shape)
            for part, mask, total in zip(parts, self.masks, sums, strict=True)
        ]
        _add(sums, shares, self.masks, shaped, self.samples)


def _rows(update: Held) -> "zip[tuple[Float32, Bool | None]]":
    return zip(update.weights, update.masks, strict=True)


def _where(mask: Bool | None) -> "Bool | EllipsisType":
    return ... if mask is None else mask


def _add(sums: list[Float64], shares: list[Float64], masks: Masks, parts: "list[Float64]", samples: int) -> None:
    for total, share, mask, part in zip(sums, shares, masks, parts, strict=True):
        total[_where(mask)] += part
        share[_where(mask)] += samples


def _mean(previous: Float32, total: Float64, share: Float64) -> Float32:
    mean = np.divide(total, share, out=previous.astype(np.float64), where=share > 0)
    return mean.astype(np.float32)

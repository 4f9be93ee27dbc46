"""Sparsity-aware aggregation: each weight is averaged over the clients that hold it.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308. With the same mask everywhere this is the mean of FedAvg over the kept weights.
"""

from collections.abc import Iterable

import numpy as np

from trainer.aggregation.held import HeldWeights
from trainer.tensors import Bool, Float32, Float64, Weights


def sparse_mean(previous: Weights, updates: Iterable[HeldWeights]) -> Weights:
    """Mean over holders, weighted by samples; what nobody holds stays as in ``previous``.

    Updates are taken one at a time and dropped: memory is two copies of the model, however many clients reply.
    """
    sums = [np.zeros(weight.shape, np.float64) for weight in previous]
    shares = [np.zeros(weight.shape, np.float64) for weight in previous]
    for update in updates:
        for total, share, weight, mask in zip(sums, shares, update.weights, update.masks, strict=True):
            _add(total, share, weight, mask, update.samples)
    return tuple(_mean(*row) for row in zip(previous, sums, shares, strict=True))


def _add(total: Float64, share: Float64, weight: Float32, mask: Bool | None, samples: int) -> None:
    held = np.ones(weight.shape, np.bool_) if mask is None else mask
    total[held] += samples * weight[held].astype(np.float64)
    share[held] += samples


def _mean(previous: Float32, total: Float64, share: Float64) -> Float32:
    mean = np.divide(total, share, out=previous.astype(np.float64), where=share > 0)
    return mean.astype(np.float32)

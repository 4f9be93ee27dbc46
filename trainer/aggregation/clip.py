"""Updates that are too long are shortened, so that one client cannot move the mean by more than a given length.

Z. Sun, P. Kairouz, A. T. Suresh, H. B. McMahan: "Can You Really Backdoor Federated Learning?", 2019, arXiv 1911.07963,
section 4.2 (norm thresholding).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from trainer.aggregation.held import Aggregate, Held, HeldWeights
from trainer.tensors import Bool, Float32, Float64, TensorSpec, Weights


def clip_norm(aggregate: Aggregate, norm: float, specs: tuple[TensorSpec, ...]) -> Aggregate:
    """Shorten each client's update before ``aggregate`` sees it.

    Args:
        aggregate: what comes after.
        norm: longest update, as the L2 norm over everything that a client holds. Weights and running statistics are
            measured and shortened each for themselves, because a variance may be far larger than any weight; a
            shortened statistic lies between the server's and the client's.
        specs: the model's tensors.
    """

    def clipped(previous: Weights, updates: Iterable[Held]) -> Iterator[HeldWeights]:
        for update in updates:
            yield HeldWeights(_shorten(previous, update, norm, specs), update.masks, update.samples)

    return lambda previous, updates: aggregate(previous, clipped(previous, updates))


def _shorten(previous: Weights, update: Held, norm: float, specs: tuple[TensorSpec, ...]) -> Weights:
    rows = zip(previous, update.weights, update.masks, strict=True)
    differences = [_difference(old, new, mask) for old, new, mask in rows]
    factors = {trained: _factor(differences, specs, norm, trained) for trained in (True, False)}
    return tuple(
        new if factors[spec.trained] == 1 else (old + factors[spec.trained] * difference).astype(np.float32)
        for spec, old, new, difference in zip(specs, previous, update.weights, differences, strict=True)
    )


def _difference(old: Float32, new: Float32, mask: Bool | None) -> Float64:
    """In float64, where the difference of two float32 values is always finite."""
    difference: Float64 = new.astype(np.float64) - old
    return difference if mask is None else np.where(mask, difference, 0.0)


def _factor(differences: list[Float64], specs: tuple[TensorSpec, ...], norm: float, trained: bool) -> float:
    """What the tensors that are, or are not, trained have to be multiplied with; at most 1."""
    rows = zip(differences, specs, strict=True)
    squares = sum(float(np.sum(np.square(one))) for one, spec in rows if spec.trained is trained)
    return 1.0 if squares <= norm * norm else norm / squares**0.5

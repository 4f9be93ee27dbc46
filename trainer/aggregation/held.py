"""What goes into an aggregation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trainer.tensors import Masks, Weights


@dataclass(frozen=True)
class HeldWeights:
    """One client's weights.

    Attributes:
        weights: its tensors; what lies outside its masks is ignored.
        masks: what it holds.
        samples: its share in a mean.
    """

    weights: Weights
    masks: Masks
    samples: int


Aggregate = Callable[[Weights, Iterable[HeldWeights]], Weights]
"""From the previous weights and the clients' to one model; what nobody holds stays as in ``previous``."""

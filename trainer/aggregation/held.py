"""What goes into an aggregation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from trainer.tensors import Float32, Masks, TensorSpec, Weights
from trainer.values import unpack_values


class Held(Protocol):
    """One client's update."""

    @property
    def weights(self) -> Weights:
        """Its tensors; what lies outside its masks is ignored."""

    @property
    def masks(self) -> Masks:
        """What it holds."""

    @property
    def samples(self) -> int:
        """Its share in a mean."""


@dataclass(frozen=True)
class HeldWeights:
    """One client's update, as whole tensors."""

    weights: Weights
    masks: Masks
    samples: int


@dataclass(frozen=True)
class HeldValues:
    """One client's update as it has arrived: kept values alone, spread out only for those who need tensors.

    Attributes:
        values: float32 (values,), in the order of :func:`trainer.values.pack_values`.
        masks: what it holds.
        samples: its share in a mean.
        specs: the model's tensors.
    """

    values: Float32 = field(repr=False)
    masks: Masks = field(repr=False)
    samples: int
    specs: tuple[TensorSpec, ...] = field(repr=False)

    @cached_property
    def weights(self) -> Weights:
        """See :class:`Held`."""
        return unpack_values(self.values, self.masks, self.specs)


Aggregate = Callable[[Weights, Iterable[Held]], Weights]
"""From the previous weights and the clients' to one model; what nobody holds stays as in ``previous``."""

"""What travels through the trainer: a model's weights and masks, in the model's own order."""

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]

Weights = tuple[Float32, ...]
"""Every trainable tensor of a model, in the order of its layers."""

Masks = tuple[Bool | None, ...]
"""For each tensor of the weights: True where a weight is kept, or None where the tensor is not prunable."""

Scores = tuple[Float64 | None, ...]
"""For each tensor: how much each weight matters, or None where the tensor is not prunable."""


@dataclass(frozen=True)
class TensorSpec:
    """One trainable tensor of a model.

    Attributes:
        name: ``layer/tensor``, for messages and reports.
        shape: as Keras stores it: (height, width, in, out), (in, out), or (out,) for a bias.
        prunable: whether a mask may cover it.
    """

    name: str
    shape: tuple[int, ...]
    prunable: bool

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def fan_in(self) -> int:
        """Inputs of one output unit: every axis but the last."""
        return prod(self.shape[:-1])


def kernels_only(name: str, shape: tuple[int, ...]) -> bool:
    """The predicate for what is prunable: kernels of convolutions and dense layers, no bias, no vector."""
    return len(shape) > 1 and name.endswith("kernel")


def all_kept(specs: tuple[TensorSpec, ...]) -> Masks:
    """Masks that keep everything."""
    return tuple(np.ones(spec.shape, np.bool_) if spec.prunable else None for spec in specs)


def count_kept(masks: Masks) -> int:
    """Weights that prunable tensors keep."""
    return sum(int(np.count_nonzero(mask)) for mask in masks if mask is not None)


def count_prunable(masks: Masks) -> int:
    """Weights that prunable tensors have before pruning."""
    return sum(mask.size for mask in masks if mask is not None)

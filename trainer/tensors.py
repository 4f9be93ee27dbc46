"""What travels through the trainer: a model's weights and masks, in the model's own order."""

from dataclasses import dataclass
from enum import Enum
from math import prod

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]

Weights = tuple[Float32, ...]
"""Every tensor of a model: the trained ones in the order of its layers, then the running statistics in that order."""

Masks = tuple[Bool | None, ...]
"""For each tensor of the weights: True where an element is kept, or None where all of it is.

Prunable tensors always have a mask. A vector has one if channels of it are dead: what is dropped there is neither
trained nor sent, and keeps its :attr:`TensorSpec.start`.
"""

Scores = tuple[Float64 | None, ...]
"""For each tensor: how much each weight matters, or None where the tensor is not prunable."""


class Role(Enum):
    """What a tensor is to its layer."""

    KERNEL = "kernel"
    DEPTHWISE = "depthwise kernel"
    BIAS = "bias"
    """Of a convolution, a dense layer or a normalisation (beta)."""
    SCALE = "scale"
    """Of a normalisation (gamma)."""
    MEAN = "running mean"
    VARIANCE = "running variance"


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a model.

    Attributes:
        name: ``layer/tensor``, for messages and reports.
        shape: as Keras stores it: (height, width, in, out), (in, out), or (out,) for a vector.
        prunable: whether a mask may drop single weights of it.
        role: what it is to its layer.
    """

    name: str
    shape: tuple[int, ...]
    prunable: bool
    role: Role = Role.KERNEL

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def fan_in(self) -> int:
        """Inputs of one output unit: every axis but the last, and of a depthwise kernel just its window."""
        return prod(self.shape[:-2]) if self.role is Role.DEPTHWISE else prod(self.shape[:-1])

    @property
    def trained(self) -> bool:
        """Whether gradients change it; running statistics are changed by the forward pass."""
        return self.role not in (Role.MEAN, Role.VARIANCE)

    @property
    def start(self) -> float:
        """Initial value of what is not drawn at random, and the value of what a mask drops."""
        return 1.0 if self.role in (Role.SCALE, Role.VARIANCE) else 0.0


def kernels_only(role: Role) -> bool:
    """The predicate for what is prunable: kernels of convolutions and dense layers.

    Depthwise kernels are few weights, and each is its channel's only window: they stay whole (as in U. Evci et al.:
    "Rigging the Lottery", ICML 2020, arXiv 1911.11134, section 4.1.2).
    """
    return role is Role.KERNEL


def all_kept(specs: tuple[TensorSpec, ...]) -> Masks:
    """Masks that keep everything."""
    return tuple(np.ones(spec.shape, np.bool_) if spec.prunable else None for spec in specs)


def count_kept(specs: tuple[TensorSpec, ...], masks: Masks) -> int:
    """Weights that prunable tensors keep."""
    return sum(
        int(np.count_nonzero(mask))
        for spec, mask in zip(specs, masks, strict=True)
        if spec.prunable and mask is not None
    )


def count_prunable(specs: tuple[TensorSpec, ...]) -> int:
    """Weights that prunable tensors have before pruning."""
    return sum(spec.size for spec in specs if spec.prunable)

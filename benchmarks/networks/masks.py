"""Which weights are kept."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]
MaskOf = Callable[[str, Shape], npt.NDArray[np.bool_]]
"""From a layer's name and the shape of its weights, output channel first, to what is kept of them."""


def uniform(sparsity: float, seed: int = 0) -> MaskOf:
    """Of each layer the same part is zero, at random places: ``round(sparsity * weights)`` of them."""
    rng = np.random.default_rng(seed)

    def mask(_: str, shape: Shape) -> npt.NDArray[np.bool_]:
        size = int(np.prod(shape))
        kept = np.zeros(size, bool)
        kept[rng.choice(size, size - round(sparsity * size), replace=False, shuffle=False)] = True
        return kept.reshape(shape)

    return mask


def given(masks: dict[str, npt.NDArray[np.bool_]]) -> MaskOf:
    """Masks by layer, in Keras's order: kernels (height, width, inputs, outputs), matrices (inputs, outputs).

    Raises:
        KeyError: a layer has no mask.
        ValueError: a mask has another shape than its layer.
    """

    def mask(name: str, shape: Shape) -> npt.NDArray[np.bool_]:
        kept = np.ascontiguousarray(np.moveaxis(masks[name], -1, 0))
        if kept.shape != shape:
            raise ValueError(f"the mask of {name} has shape {kept.shape}, its weights {shape}")
        return kept

    return mask

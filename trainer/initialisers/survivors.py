"""Make up for dropped inputs: scale what survives so that a unit's output has the variance He meant it to have.

U. Evci, Y. Ioannou, C. Keskin, Y. Dauphin: "Gradient Flow in Sparse Neural Networks and How Lottery Tickets Win",
AAAI 2022, arXiv 2010.03533: initialise each unit by the fan-in it has, not by the one its layer would have. He's
rule gives a unit's weights squares that add up to 2 on average. Pruners prefer large weights, so the sum that really
survived is brought to 2, unit by unit, rather than scaled by a count. docs/seeded-init.md defines every rounding.
"""

import numpy as np

from trainer.masks import apply_mask
from trainer.tensors import Float32, Masks, TensorSpec, Weights

_SUM_OF_SQUARES = np.float32(2)


def survivor_scale(weight: Float32) -> Float32:
    """sqrt(2 / sum of squares) for each output unit, in float32; 1 for a unit without a weight.

    Args:
        weight: float32 (…, outputs), zero where a weight is dropped.

    Returns:
        float32 (outputs,).
    """
    inputs = weight.reshape(-1, weight.shape[-1])
    energy = np.zeros(inputs.shape[1], np.float32)
    # One addition after the other, in the order of the index: the sum is then the same on every machine.
    for row in inputs:
        energy += row * row
    ratio = np.divide(_SUM_OF_SQUARES, energy, out=np.ones_like(energy), where=energy > 0)
    return np.sqrt(ratio)


def rescale_survivors(specs: tuple[TensorSpec, ...], weights: Weights, masks: Masks) -> Weights:
    """Masked weights, each output unit of a prunable tensor multiplied by :func:`survivor_scale`."""
    rows = zip(specs, weights, masks, strict=True)
    return tuple(_rescaled(spec, apply_mask(weight, mask, spec.start)) for spec, weight, mask in rows)


def _rescaled(spec: TensorSpec, weight: Float32) -> Float32:
    return weight * survivor_scale(weight) if spec.prunable else weight

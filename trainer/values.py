"""The payload of an update: kept values, and nothing else. Both ends know the mask, so no index travels."""

import numpy as np

from trainer.tensors import Bool, Float32, Masks, TensorSpec, Weights


def value_count(specs: tuple[TensorSpec, ...], masks: Masks) -> int:
    """Number of values that travel under these masks."""
    return sum(_count(spec, mask) for spec, mask in zip(specs, masks, strict=True))


def pack_values(weights: Weights, masks: Masks) -> Float32:
    """Kept values of every tensor, in row-major order, one tensor after the other.

    Returns:
        float32 (values,).
    """
    parts = [weight.ravel() if mask is None else weight[mask] for weight, mask in zip(weights, masks, strict=True)]
    return np.concatenate(parts)


def unpack_values(values: Float32, masks: Masks, specs: tuple[TensorSpec, ...]) -> Weights:
    """The tensors that :func:`pack_values` took apart; what masks drop is at its start.

    Raises:
        ValueError: there are more or fewer values than the masks keep.
    """
    counts = [_count(spec, mask) for spec, mask in zip(specs, masks, strict=True)]
    if values.shape != (sum(counts),):
        raise ValueError(f"values of shape {values.shape} for masks that keep {sum(counts)}")
    parts = np.split(values, np.cumsum(counts)[:-1])
    return tuple(_spread(part, mask, spec) for part, mask, spec in zip(parts, masks, specs, strict=True))


def _count(spec: TensorSpec, mask: Bool | None) -> int:
    return spec.size if mask is None else int(np.count_nonzero(mask))


def _spread(part: Float32, mask: Bool | None, spec: TensorSpec) -> Float32:
    if mask is None:
        return part.reshape(spec.shape)
    tensor = np.full(spec.shape, spec.start, np.float32)
    tensor[mask] = part
    return tensor

"""Exact masks: keep precisely the k best, ties broken by position."""

import zlib

import numpy as np

from trainer.tensors import Bool, Float32, Float64, Masks, TensorSpec, Weights


def top_k(scores: Float64, k: int) -> Bool:
    """Keep the ``k`` highest scores.

    A threshold alone would keep too many where scores tie: of those equal to the k-th best, only as many are kept
    as still fit, first come first in row-major order.

    Args:
        scores: any shape, no NaN.
        k: 0 to the number of scores.

    Raises:
        ValueError: ``k`` is out of range or a score is NaN.
    """
    if not 0 <= k <= scores.size:
        raise ValueError(f"cannot keep {k} of {scores.size}")
    flat = scores.ravel()
    if np.isnan(flat).any():
        raise ValueError("a score is NaN")
    if k == 0:
        return np.zeros(scores.shape, np.bool_)
    # What earlier iterations dropped is minus infinity; leaving it out saves most of the time in late iterations.
    alive = flat[flat > -np.inf]
    ranked = alive if k <= alive.size else flat
    worst_kept = np.partition(ranked, ranked.size - k)[ranked.size - k]
    mask: Bool = flat > worst_kept
    mask[np.flatnonzero(flat == worst_kept)[: k - np.count_nonzero(mask)]] = True
    return mask.reshape(scores.shape)


def apply_mask(weight: Float32, mask: Bool | None, start: float = 0.0) -> Float32:
    """The weight with ``start`` where the mask drops it; None keeps everything."""
    return weight if mask is None else np.where(mask, weight, np.float32(start))


def apply_masks(specs: tuple[TensorSpec, ...], weights: Weights, masks: Masks) -> Weights:
    """:func:`apply_mask` for every tensor of a model."""
    rows = zip(specs, weights, masks, strict=True)
    return tuple(apply_mask(weight, mask, spec.start) for spec, weight, mask in rows)


def fingerprint(masks: Masks) -> int:
    """CRC-32 over the masks' bits, tensor after tensor; tells whether two ends hold the same masks."""
    value = 0
    for mask in masks:
        value = zlib.crc32(b"\xff" if mask is None else np.packbits(mask).tobytes(), value)
    return value

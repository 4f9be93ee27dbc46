"""Rows as gaps and weights, counted through the whole layer: rows without a kept weight cost nothing."""

import numpy as np
import numpy.typing as npt

from firmware_gen.encodings.base import Rows

Int64 = npt.NDArray[np.int64]


def gaps_and_weights(rows: Rows) -> tuple[Int64, npt.NDArray[np.int8]]:
    """Distances between kept weights less one (the first: its index), int64 (kept,), and the weights."""
    flat = rows.reshape(-1)
    kept = np.flatnonzero(flat)
    return np.diff(kept, prepend=-1) - 1, flat[kept]


def place(gaps: "list[int] | Int64", weights: npt.NDArray[np.int8], channels: int, per_channel: int) -> Rows:
    """The inverse: int8 (channels, per_channel)."""
    flat = np.zeros(channels * per_channel, np.int8)
    flat[np.cumsum(np.asarray(gaps, np.int64) + 1) - 1] = weights
    return flat.reshape(channels, per_channel)


def zero_order_bits(values: npt.NDArray[np.integer]) -> float:
    """Bits that an ideal code of single values takes for all of them, its table not counted (Shannon 1948)."""
    _, counts = np.unique(values, return_counts=True)
    shares = counts / max(counts.sum(), 1)
    return float(-(counts * np.log2(shares)).sum())


def entropy_bytes(rows: Rows) -> float:
    """Zero-order entropy of a layer's gaps plus that of its weights, in bytes."""
    gaps, weights = gaps_and_weights(rows)
    return (zero_order_bits(gaps) + zero_order_bits(weights)) / 8

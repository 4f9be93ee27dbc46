"""Faults of values and payloads, in words that go on after "client 3 sent"."""

import numpy as np

from trainer.tensors import Float32


def check_size(payload: bytes, size: int, count: int, encoding: str) -> None:
    """Refuse a payload that has not ``size`` bytes.

    Raises:
        ValueError: says both sizes.
    """
    if len(payload) != size:
        raise ValueError(f"{len(payload)} bytes instead of the {size} of {count} {encoding} values")


def check_finite(values: Float32) -> Float32:
    """Return ``values``.

    Raises:
        ValueError: some are NaN or infinite; says how many and where the first is.
    """
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ValueError(f"{len(bad)} values that are not finite, the first at position {bad[0]},")
    return values

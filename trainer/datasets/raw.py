"""Arrays as files hold them, before anything is checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Raw:
    """Samples of any numeric type, split into training and test.

    Attributes:
        train_x: (training samples, height, width) or (training samples, height, width, channels).
        train_y: labels, (training samples,) or (training samples, 1).
        test_x: like ``train_x``.
        test_y: like ``train_y``.
        train_groups: who produced each training sample, or None.
        test_groups: who produced each test sample, or None.
    """

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    train_groups: Array | None = None
    test_groups: Array | None = None


def windows(x: Array) -> Array:
    """(samples, time, channels) as images: time is the height, the width is 1."""
    return np.expand_dims(x, 2)

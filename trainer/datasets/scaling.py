"""From stored numbers to what a network is fed."""

import numpy as np

from trainer.datasets.raw import Array
from trainer.tensors import Float32

_BRIGHTEST = np.float32(255)
_BLOCK = 512


def to_float(x: Array) -> Float32:
    """float32 copy, contiguous: bytes (uint8) become 0 to 1, every other type keeps its values."""
    if x.dtype == np.uint8:
        return np.divide(x, _BRIGHTEST, dtype=np.float32, order="C")
    with np.errstate(over="ignore"):
        return x.astype(np.float32, order="C")


def standardise(train: Float32, test: Float32) -> None:
    """Give each channel, the last axis, mean 0 and variance 1 over the training samples.

    Works in place, on contiguous arrays. The test samples get the training samples' constants. A channel that never
    changes is only centred.
    """
    channels = train.shape[-1]
    mean = _channel_mean(train, np.zeros(channels, np.float32), 1)
    deviation = np.sqrt(_channel_mean(train, mean, 2))
    deviation[deviation == 0] = 1
    for x in (train, test):
        rows = x.reshape(len(x), -1, copy=False)  # long rows: NumPy is slow along a short last axis
        rows -= np.tile(mean, rows.shape[1] // channels)
        rows /= np.tile(deviation, rows.shape[1] // channels)


def _channel_mean(x: Float32, centre: Float32, power: int) -> Float32:
    """Mean of (x - centre) ** power per channel, summed in float64 block by block, as x may fill half the memory."""
    rows = x.reshape(len(x), -1)
    centres = np.tile(centre, rows.shape[1] // len(centre))
    sums = np.zeros(rows.shape[1])
    for start in range(0, len(rows), _BLOCK):
        sums += ((rows[start : start + _BLOCK] - centres) ** power).sum(axis=0, dtype=np.float64)
    mean: Float32 = (sums.reshape(-1, len(centre)).mean(axis=0) / len(rows)).astype(np.float32)
    return mean

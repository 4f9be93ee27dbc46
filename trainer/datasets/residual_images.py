"""Images stored as what a median predictor left over, so that deflate packs them well.

An image's planes are green, red - green and blue - green; of each, the file holds the pixel minus the median of
(left, above, left + above - corner), all modulo 256. That is the predictor of lossless JPEG-LS: M. Weinberger,
G. Seroussi, G. Sapiro: "The LOCO-I Lossless Image Compression Algorithm", 2000. Outside the image everything is 0.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainer.datasets.npz import read_npz
from trainer.datasets.raw import Raw

Bytes = npt.NDArray[np.uint8]

_KEYS = ("r_train", "y_train", "i_train", "r_test", "y_test", "i_test")
_BLOCK = 128


def decode(residuals: Bytes) -> Bytes:
    """Undo the prediction.

    Args:
        residuals: uint8 (3, images, height, width).

    Returns:
        uint8 (images, height, width, 3): red, green, blue.
    """
    _, images, height, width = residuals.shape
    decoded = np.empty((images, height, width, 3), np.uint8)
    for start in range(0, images, _BLOCK):
        planes = residuals[:, start : start + _BLOCK]
        green, red, blue = _undo_prediction(planes.reshape(-1, height, width)).reshape(planes.shape)
        decoded[start : start + _BLOCK] = np.stack((red + green, green, blue + green), axis=-1)
    return decoded


def _undo_prediction(residuals: Bytes) -> Bytes:
    """Planes from residuals, uint8 (planes, height, width): one diagonal of every plane at a time.

    Pixel (row, column) lies on diagonal row + column. Its left and upper neighbours are on the diagonal before, its
    corner two before, so a whole diagonal is known at once. ``skewed[d + 2, row + 1]`` is the pixel of ``row`` on
    diagonal ``d``; entries outside the image stay 0.
    """
    planes, height, width = residuals.shape
    diagonals = height + width - 1
    rows, columns = np.indices((height, width))
    pending = np.zeros((diagonals, height, planes), np.int16)
    pending[rows + columns, rows] = residuals.transpose(1, 2, 0)
    skewed = np.zeros((diagonals + 2, height + 1, planes), np.int16)
    for d in range(diagonals):
        first, last = max(0, d - width + 1), min(height, d + 1)
        left, above = skewed[d + 1, first + 1 : last + 1], skewed[d + 1, first:last]
        corner = skewed[d, first:last]
        low, high = np.minimum(left, above), np.maximum(left, above)
        median = np.maximum(low, np.minimum(high, left + above - corner))
        skewed[d + 2, first + 1 : last + 1] = (median + pending[d, first:last]) & 255
    pixels: Bytes = skewed[rows + columns + 2, rows + 1].transpose(2, 0, 1).astype(np.uint8)
    return pixels


def read_parts(paths: tuple[Path, ...]) -> Raw:
    """Every part that is there, its samples in the original order.

    Args:
        paths: ``.npz`` files of residuals ``r_*``, labels ``y_*`` and original positions ``i_*``.
    """
    parts = [read_npz(path, _KEYS) for path in paths]
    arrays = []
    for split in ("train", "test"):
        order = np.argsort(np.concatenate([part[f"i_{split}"] for part in parts]))
        images = np.concatenate([decode(part[f"r_{split}"]) for part in parts])
        labels = np.concatenate([part[f"y_{split}"] for part in parts])
        arrays += [images[order], labels[order]]
    return Raw(*arrays)

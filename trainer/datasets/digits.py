"""Handwritten digits of 8x8 pixels, bundled with scikit-learn: 1797 real images.

E. Alpaydin, C. Kaynak: "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

from pathlib import Path

import numpy as np

from trainer.datasets.dataset import Dataset

_SPLIT_SEED = 0
_BRIGHTEST = np.float32(16)


def load_digits(_data_dir: Path | None = None) -> Dataset:
    """80 % training, 20 % test, each class in proportion; the split is the same in every run. Pixels are 0 to 1."""
    from sklearn import datasets, model_selection

    bunch = datasets.load_digits()
    images = (bunch.images.astype(np.float32) / _BRIGHTEST)[..., np.newaxis]
    labels = bunch.target.astype(np.int32)
    train_x, test_x, train_y, test_y = model_selection.train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=_SPLIT_SEED
    )
    return Dataset("digits", tuple(str(digit) for digit in range(10)), train_x, train_y, test_x, test_y)

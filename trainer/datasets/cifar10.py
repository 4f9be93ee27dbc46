"""Small colour photographs, 32x32 pixels; each channel has mean 0 and variance 1 over the training images.

A. Krizhevsky: "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from pathlib import Path

import numpy as np

from trainer.datasets.checked import make_dataset
from trainer.datasets.cifar_pickle import read_batch
from trainer.datasets.dataset import Dataset
from trainer.datasets.keras_cache import read_files_or_keras
from trainer.datasets.layouts import Layout
from trainer.datasets.npz import read_split
from trainer.datasets.raw import Raw
from trainer.datasets.residual_images import read_parts

_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _read_batches(paths: tuple[Path, ...]) -> Raw:
    """Training batches in turn, the test batch last."""
    *train, (test_x, test_y) = [read_batch(path, "labels") for path in paths]
    return Raw(np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train]), test_x, test_y)


_LAYOUTS = (
    Layout(("cifar10.npz",), read_split),
    Layout(
        (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
        _read_batches,
        folders=("cifar-10-batches-py", "."),
    ),
    Layout(tuple(f"cifar10_part{number}.npz" for number in range(4)), read_parts, some=True),
)


def load_cifar10(data_dir: Path | None) -> Dataset:
    """50,000 training and 10,000 test images of 10 classes; fewer, balanced, where only some parts are there."""
    return make_dataset("cifar10", _CLASSES, read_files_or_keras("cifar10", data_dir, _LAYOUTS), standardised=True)

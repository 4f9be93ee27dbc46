"""Handwritten digits of 28x28 pixels, scaled to 0 to 1.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: "Gradient-Based Learning Applied to Document Recognition", 1998.
"""

from pathlib import Path

from trainer.datasets.checked import make_dataset
from trainer.datasets.dataset import Dataset
from trainer.datasets.idx import IDX_FILES, read_idx_split
from trainer.datasets.keras_cache import read_files_or_keras
from trainer.datasets.layouts import Layout
from trainer.datasets.npz import read_split

_LAYOUTS = (
    Layout(("mnist.npz",), read_split),
    Layout(IDX_FILES, read_idx_split, folders=("mnist", "MNIST/raw", "."), endings=("", ".gz")),
)


def load_mnist(data_dir: Path | None) -> Dataset:
    """60,000 training and 10,000 test images of 10 classes."""
    raw = read_files_or_keras("mnist", data_dir, _LAYOUTS)
    return make_dataset("mnist", [str(digit) for digit in range(10)], raw)

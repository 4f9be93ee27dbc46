"""Articles of clothing, 28x28 pixels, scaled to 0 to 1.

H. Xiao, K. Rasul, R. Vollgraf: "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
2017, arXiv 1708.07747.
"""

from pathlib import Path

from trainer.datasets.checked import make_dataset
from trainer.datasets.dataset import Dataset
from trainer.datasets.idx import IDX_FILES, read_idx_split
from trainer.datasets.keras_cache import read_files_or_keras
from trainer.datasets.layouts import Layout
from trainer.datasets.npz import read_split

_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

_LAYOUTS = (
    Layout(("fashion_mnist.npz",), read_split),
    Layout(
        IDX_FILES,
        read_idx_split,
        folders=("fashion-mnist", "fashion_mnist", "FashionMNIST/raw", "."),
        endings=("", ".gz"),
    ),
)


def load_fashion_mnist(data_dir: Path | None) -> Dataset:
    """60,000 training and 10,000 test images of 10 classes."""
    return make_dataset("fashion_mnist", _CLASSES, read_files_or_keras("fashion_mnist", data_dir, _LAYOUTS))

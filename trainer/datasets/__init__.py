"""Datasets by name."""

from trainer.datasets.dataset import Dataset, DatasetLoader
from trainer.datasets.digits import load_digits
from trainer.registry import Registry

DATASETS: Registry[DatasetLoader] = Registry("dataset", {"digits": load_digits})

__all__ = ["DATASETS", "Dataset", "DatasetLoader"]

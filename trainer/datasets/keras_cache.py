"""Datasets that Keras downloads once and keeps in its cache (``~/.keras/datasets``)."""

import contextlib
import importlib
import sys
from pathlib import Path

from host_bridge.errors import UserError
from trainer.datasets.layouts import Layout, describe, read_layouts
from trainer.datasets.raw import Raw


def read_files_or_keras(dataset: str, data_dir: Path | None, layouts: tuple[Layout, ...]) -> Raw:
    """Read the data folder, or without one what ``keras.datasets`` has under the same name.

    Raises:
        UserError: the folder lacks a file, or there is neither a folder nor a download.
    """
    if data_dir is not None:
        return read_layouts(dataset, data_dir, layouts)
    module = importlib.import_module(f"keras.datasets.{dataset}")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras shows the download's progress
            (train_x, train_y), (test_x, test_y) = module.load_data()
    except Exception as error:  # Keras raises bare Exception when a download fails
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"cannot download {dataset}: {reason}; give --data-dir a folder with {describe(layouts)}"
        ) from error
    return Raw(train_x, train_y, test_x, test_y)

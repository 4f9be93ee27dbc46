"""What every side of the benchmark does, read from the file that the benchmark writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """What every side does.

    Attributes:
        train_x, train_y, test_x, test_y: float32 (samples, 8, 8, 1) and int32 (samples,).
        parts: positions of each client's training samples.
        weights: initial kernel and bias of each layer.
        batch_size: samples in a batch.
        learning_rate: of plain stochastic gradient descent, one epoch in each round.
    """

    train_x: Any
    train_y: Any
    test_x: Any
    test_y: Any
    parts: list[Any]
    weights: list[Any]
    batch_size: int
    learning_rate: float


def read_work(path: str | Path) -> Work:
    """Read the file of the benchmark."""
    with np.load(path) as found:
        named = {name: found[name] for name in ("train_x", "train_y", "test_x", "test_y")}
        parts = [found[f"part{number}"] for number in range(int(found["clients"]))]
        weights = [found[f"weight{number}"] for number in range(int(found["tensors"]))]
        batch_size, learning_rate = int(found["batch_size"]), float(found["learning_rate"])
    return Work(**named, parts=parts, weights=weights, batch_size=batch_size, learning_rate=learning_rate)

"""What a dataset is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.tensors import Float32, Int32


@dataclass(frozen=True)
class Dataset:
    """Images or windows with one label each, split once and for all.

    Attributes:
        name: as users write it.
        classes: name of each class.
        train_x: float32 (training samples, height, width, channels); a window's time is its height, its width is 1.
        train_y: int32 (training samples,).
        test_x: float32 (test samples, height, width, channels).
        test_y: int32 (test samples,).
        train_groups: int32 (training samples,), who produced each sample (subject, speaker); None if unknown.
        test_groups: int32 (test samples,), likewise; the same number is the same person.
    """

    name: str
    classes: tuple[str, ...]
    train_x: Float32
    train_y: Int32
    test_x: Float32
    test_y: Int32
    train_groups: Int32 | None = None
    test_groups: Int32 | None = None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one sample."""
        height, width, channels = self.train_x.shape[1:]
        return height, width, channels


DatasetLoader = Callable[[Path | None], Dataset]
"""From the folder of ``--data-dir``, or None, to the samples."""

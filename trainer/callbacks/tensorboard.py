"""TensorBoard's event files: ``tensorboard --logdir RESULTS/tensorboard``."""

import shutil
from pathlib import Path
from typing import Any

from trainer.algorithms import ServerState
from trainer.history import RoundRecord

EVENTS = "tensorboard"


class TensorBoard:
    """See :class:`trainer.callbacks.callback.Callback`. Writing takes TensorFlow, but not the package TensorBoard.

    Args:
        folder: where to; what an earlier run left there is removed.
        done: records of the rounds done before, written again.
    """

    def __init__(self, folder: Path, done: tuple[RoundRecord, ...]) -> None:
        self._folder = folder
        self._writer: Any = None
        for record in done:
            self._write(record)

    def on_round(self, record: RoundRecord, _: ServerState) -> None:
        """Write one point of every curve."""
        self._write(record)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, record: RoundRecord) -> None:
        self._writer = self._writer or _writer(self._folder)
        with self._writer.as_default():
            for name, value in scalars(record).items():
                _write_scalar(name, value, record.round)


def scalars(record: RoundRecord) -> dict[str, float]:
    """Curves by name; the training loss is left out where nobody answered."""
    found = {
        "accuracy": record.accuracy,
        "loss/test": record.test_loss,
        "bytes_per_client/up": float(record.bytes_up_per_client),
        "bytes_per_client/down": float(record.bytes_down_per_client),
        "clients/answered": float(record.answered),
        "kept": float(record.kept),
        "seconds": record.seconds,
    }
    return found if record.loss is None else found | {"loss/train": record.loss}


def _writer(folder: Path) -> Any:  # noqa: ANN401 - TensorFlow has no types
    import tensorflow as tf

    shutil.rmtree(folder, ignore_errors=True)
    return tf.summary.create_file_writer(str(folder))


def _write_scalar(name: str, value: float, step: int) -> None:
    import tensorflow as tf

    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})
    tf.summary.write(name, tf.constant(value, tf.float32), step=step, metadata=metadata)

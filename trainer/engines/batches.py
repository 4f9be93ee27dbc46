"""The order in which a client sees its samples."""

import numpy as np

from trainer.tensors import Float32, Int32


def draw_batches(samples: int, epochs: int, batch_size: int, random: np.random.Generator) -> tuple[Int32, Float32]:
    """Shuffle anew for each epoch and cut into batches; the last one of an epoch may be short.

    Args:
        samples: the client's number of samples, at least 1.
        epochs: passes over them.
        batch_size: samples in a batch.
        random: decides the order.

    Returns:
        Positions, int32 (steps, batch_size), and weights, float32 of the same shape: 1, or 0 where a short batch is
        padded.
    """
    padding = -samples % batch_size
    rows = [np.pad(random.permutation(samples), (0, padding)) for _ in range(epochs)]
    present = np.pad(np.ones(samples, np.float32), (0, padding))
    batches = np.concatenate(rows).astype(np.int32).reshape(-1, batch_size)
    return batches, np.tile(present, epochs).reshape(-1, batch_size)

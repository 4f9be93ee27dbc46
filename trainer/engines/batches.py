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
        filled up. It is filled with samples from the beginning of the same order, so that the statistics of a
        normalisation see a proper batch.
    """
    padded = samples + -samples % batch_size
    rows = [np.resize(random.permutation(samples), padded) for _ in range(epochs)]
    present = np.arange(padded) < samples
    batches = np.concatenate(rows).astype(np.int32).reshape(-1, batch_size)
    return batches, np.tile(present.astype(np.float32), epochs).reshape(-1, batch_size)

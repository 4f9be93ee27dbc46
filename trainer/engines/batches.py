"""The order in which a client sees its samples."""

from dataclasses import dataclass, field

import numpy as np

from trainer.engines.base import LocalWork
from trainer.engines.shifts import draw_shifts
from trainer.seeds import Purpose, generator
from trainer.tensors import Float32, Int32


@dataclass(frozen=True)
class Order:
    """In what order a client sees its samples in one round.

    Attributes:
        batches: int32 (steps, batch_size), positions among its samples.
        present: float32 of the same shape: 1, or 0 where a short batch is filled up.
        shifts: int32 (steps, 2), pixels down and right that a batch's images are moved by; None if they are not moved.
    """

    batches: Int32 = field(repr=False)
    present: Float32 = field(repr=False)
    shifts: Int32 | None = field(repr=False)

    @property
    def positions(self) -> Int32:
        """int32 (epochs x samples,): every batch without its filling, one behind the other."""
        return self.batches[self.present > 0]


def draw_order(seed: int, round_: int, client: int, samples: int, work: LocalWork) -> Order:
    """The same wherever the client runs.

    Args:
        seed: of the run.
        round_: from 1.
        client: position of the client.
        samples: its number of samples, at least 1.
        work: what it does in this round.
    """
    random = generator(seed, Purpose.SHUFFLE, round_, client)
    batches, present = draw_batches(samples, work.epochs, work.batch_size, random)
    return Order(batches, present, draw_shifts(len(batches), work.shift, random) if work.shift else None)


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


def mark_filling(batches: Int32, present: Float32) -> Int32:
    """Both in one array, as graphs take them: where a position only fills a batch up, its complement, -1 - position."""
    return np.where(present > 0, batches, ~batches)

"""All clients in this process, one after the other, on one compiled graph."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask
from trainer.engines.batches import draw_batches
from trainer.engines.local_epochs import compile_local_epochs
from trainer.engines.shifts import draw_shifts
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.seeds import Purpose, generator
from trainer.tensors import Masks
from trainer.values import pack_values, unpack_values


class LocalEngine:
    """Trains clients with TensorFlow in graph mode.

    Args:
        network: the model.
        dataset: where the samples are.
        partition: which of them each client holds.
        seed: of the run; orders of samples follow from it, the round and the client.
    """

    def __init__(self, network: Network, dataset: Dataset, partition: Partition, seed: int) -> None:
        self._network = network
        self._dataset = dataset
        self._partition = partition
        self._seed = seed
        self._local_epochs = compile_local_epochs(network)
        self._masks: tuple[Masks, ...] = ()
        self._multipliers: dict[int, list[Any]] = {}

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask; clients that share one share its tensors."""
        self._masks = masks
        self._multipliers = {id(mask): self._as_multipliers(mask) for mask in masks}

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Run tasks in their order."""
        for task in tasks:
            yield self._train(task)

    def _train(self, task: ClientTask) -> ClientReply:
        import tensorflow as tf

        masks, indices = self._masks[task.client], self._partition[task.client]
        random = generator(self._seed, Purpose.SHUFFLE, task.round, task.client)
        batches, present = draw_batches(len(indices), task.work.epochs, task.work.batch_size, random)
        shifts = draw_shifts(len(batches), task.work.shift, random)
        trained, loss = self._local_epochs(
            [tf.constant(weight) for weight in unpack_values(task.values, masks, self._network.specs)],
            self._multipliers[id(masks)],
            x=tf.constant(self._dataset.train_x[indices]),
            y=tf.constant(self._dataset.train_y[indices]),
            batches=tf.constant(batches),
            present=tf.constant(present),
            shifts=tf.constant(shifts),
            learning_rate=tf.constant(task.work.learning_rate, tf.float32),
            momentum=tf.constant(task.work.momentum, tf.float32),
            weight_decay=tf.constant(task.work.weight_decay, tf.float32),
        )
        values = pack_values(tuple(weight.numpy() for weight in trained), masks)
        return ClientReply(task.client, task.round, values, len(indices), float(loss))

    def _as_multipliers(self, masks: Masks) -> list[Any]:
        """Float32 tensors of 1 and 0 in the shape of the weights."""
        import tensorflow as tf

        rows = zip(masks, self._network.specs, strict=True)
        return [tf.constant(np.ones(spec.shape) if mask is None else mask, tf.float32) for mask, spec in rows]

"""All clients in this process, on compiled graphs, some of them at the same time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from trainer.backends import Tensor
from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask, GradientReply, LocalWork, Memory
from trainer.engines.batches import Order, draw_order, mark_filling
from trainer.engines.gradients import Gradients, compile_gradients
from trainer.engines.local_epochs import RATES
from trainer.engines.threads import in_threads
from trainer.engines.trainee import Trainee, Workshop
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.partitions.partition import Indices
from trainer.tensors import Float32, Masks, Weights
from trainer.values import pack_values, unpack_values, value_count
from trainer.wire import CODECS

_RESIDUAL = "residual/"
MOST_COMPACTIONS = 4
"""Different masks up to which each gets a smaller network, and so a graph, of its own."""
MOST_XLA = 4
"""Different smaller networks up to which XLA may compile them; it takes several times as long as tracing a graph."""


class LocalEngine:
    """Trains clients by graphs of the backend.

    Args:
        network: the model.
        dataset: where the samples are.
        partition: which of them each client holds.
        seed: of the run; orders of samples follow from it, the round and the client.
        compaction: whether to train without the channels that a mask leaves dead (:mod:`trainer.channels`).
        execution: how to train (:func:`trainer.engines.execution.choose_execution`); results are equal up to rounding.
        threads: clients that are trained at the same time, None for what fits the execution; no result depends on it.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        partition: Partition,
        seed: int,
        *,
        compaction: bool = True,
        execution: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._network = network
        self._dataset = dataset
        self._partition = partition
        self._seed = seed
        self._compaction = compaction
        self._workshop = Workshop(network, execution, threads)
        self._most_samples = max(map(len, partition))
        self._trainees: tuple[Trainee, ...] = ()
        self._residuals: dict[int, tuple[int, Float32]] = {}
        self._latest: _Start | None = None

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask; clients that share one share its graph, and masks that were known keep theirs."""
        distinct = {id(mask): mask for mask in masks}
        compaction = self._compaction and len(distinct) <= MOST_COMPACTIONS
        brief = bool(self._trainees) or len(distinct) > MOST_XLA
        known = {trainee.fingerprint: trainee for trainee in self._trainees}
        made = {
            key: known.get(fingerprint(mask)) or self._workshop.trainee(mask, compaction=compaction, brief=brief)
            for key, mask in distinct.items()
        }
        self._trainees = tuple(made[id(mask)] for mask in masks)

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Run tasks, those with the most samples first, so that no thread is left alone with a large one at the end."""
        in_order = sorted(tasks, key=lambda task: -len(self._partition[task.client]))
        threads = min((self._trainees[task.client].threads for task in in_order), default=1)
        yield from in_threads(self._train, in_order, threads)

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:
        """Mean dense gradients, one client after the other."""
        for client in clients:
            indices = self._partition[client]
            found = self._gradients(weights, self._dataset.train_x[indices], self._dataset.train_y[indices])
            yield GradientReply(client, found, len(indices))

    def memory(self) -> Memory:
        """What rounding has taken from each client's updates, and the fingerprint of the masks it is packed under."""
        return {f"{_RESIDUAL}{client}/{masks}": lost for client, (masks, lost) in self._residuals.items()}

    def restore(self, memory: Memory) -> None:
        """Bring back what :meth:`memory` gave."""
        self._residuals = {}
        for name, lost in memory.items():
            if not name.startswith(_RESIDUAL):
                continue  # of a board that was a client then
            client, masks = map(int, name.split("/")[1:])
            self._residuals[client] = masks, lost.astype(np.float32)

    def close(self) -> None:
        """Nothing was started."""

    @cached_property
    def _gradients(self) -> Gradients:
        return compile_gradients(self._network)

    def _train(self, task: ClientTask) -> ClientReply:
        trainee, samples = self._trainees[task.client], len(self._partition[task.client])
        start, codec = self._start(task, trainee), CODECS.get(task.work.encoding)
        fitted, loss = self._fit(task, trainee, start.flat)
        trained = trainee.put(fitted, start.weights)
        known, residual = self._residuals.get(task.client, (trainee.fingerprint, np.zeros_like(start.values)))
        if known != trainee.fingerprint:  # of other positions
            residual = np.zeros_like(start.values)
        payload, lost = codec.encode_update(pack_values(trained, trainee.masks), start.values, residual)
        if lost.any() or task.client in self._residuals:
            self._residuals[task.client] = trainee.fingerprint, lost
        return ClientReply(task.client, task.round, payload, samples, loss, trainee.fingerprint)

    def _start(self, task: ClientTask, trainee: Trainee) -> "_Start":
        """What a task begins with; kept for the next one, since clients of one mask mostly get the same."""
        latest = self._latest
        if latest is None or not latest.is_of(task, trainee):
            latest = self._latest = _unpack(task, trainee, self._network)
        return latest

    @cached_property
    def _samples(self) -> dict[str, Tensor]:
        """Everybody's samples, so that graphs see one shape; clients differ in the positions they read."""
        from keras import ops

        return {"x": ops.convert_to_tensor(self._dataset.train_x), "y": ops.convert_to_tensor(self._dataset.train_y)}

    def _fit(self, task: ClientTask, trainee: Trainee, flat: Tensor) -> tuple[Float32, float]:
        """Local training from the weights in ``flat``."""
        from keras import ops

        work = task.work
        indices = self._partition[task.client]
        order = draw_order(self._seed, task.round, task.client, len(indices), work)
        rates = np.array([getattr(work, name) for name in RATES], np.float32)
        rows = self._rows(indices, work, order)
        trained, loss = trainee.local_epochs(flat, trainee.multipliers, **self._samples, **rows, rates=rates)
        return ops.convert_to_numpy(trained), float(loss)

    def _rows(self, indices: Indices, work: LocalWork, order: Order) -> dict[str, Any]:
        """A client's batches, with rows of nothing but filling up to the number of steps of the largest client."""
        steps = len(order.batches)
        most = work.epochs * -(-self._most_samples // work.batch_size)
        batches = np.full((most, work.batch_size), -1, np.int32)
        batches[:steps] = mark_filling(indices[order.batches].astype(np.int32), order.present)
        rows: dict[str, Any] = {"steps": np.asarray(steps, np.int32), "batches": batches}
        if order.shifts is not None:
            rows["shifts"] = np.pad(order.shifts, ((0, most - steps), (0, 0)))
        return rows


@dataclass(frozen=True)
class _Start:
    """What the clients of one mask begin a round with.

    Attributes:
        task: one that brought it.
        trainee: what it is for.
        values: as they were received, float32 (values,).
        weights: the same, of the full network.
        flat: the part that is trained, on the backend.
    """

    task: ClientTask
    trainee: Trainee
    values: Float32 = field(repr=False)
    weights: Weights = field(repr=False)
    flat: Tensor = field(repr=False)

    def is_of(self, task: ClientTask, trainee: Trainee) -> bool:
        """Whether a task begins with this."""
        mine = self.task
        return self.trainee is trainee and mine.payload is task.payload and mine.work.encoding == task.work.encoding


def _unpack(task: ClientTask, trainee: Trainee, network: Network) -> _Start:
    from keras import ops

    values = CODECS.get(task.work.encoding).decode_values(task.payload, value_count(network.specs, trainee.masks))
    weights = unpack_values(values, trainee.masks, network.specs)
    return _Start(task, trainee, values, weights, ops.convert_to_tensor(trainee.take(weights)))

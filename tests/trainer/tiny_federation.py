"""A model, a data set and clients so small that tests can compute what they expect."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trainer.aggregation import sparse_mean
from trainer.algorithms import ALGORITHMS, Beginning, RoundPlan, ServerState
from trainer.datasets import Dataset
from trainer.engines import ClientReply, ClientTask, LocalWork
from trainer.engines.base import GradientReply
from trainer.engines.local import LocalEngine
from trainer.initialisers import initial_weights
from trainer.models.network import Network, build_network
from trainer.partitions import PARTITIONS, PartitionRequest
from trainer.server_optimisers import SERVER_OPTIMISERS
from trainer.tensors import Masks, Weights

SHAPE = (4, 4, 1)
CLASSES = 3
CLIENTS = 3
SAMPLES = (10, 20, 30)
WORK = LocalWork(epochs=3, batch_size=4, learning_rate=0.05, momentum=0.9)


def tiny_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(source)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    return source, layers.Dense(classes, name="logits")(x)


def tiny_dense(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Flatten(name="flatten")(source)
    x = layers.Dense(7, activation="relu", name="first")(x)
    x = layers.Dense(5, activation="relu", name="second")(x)
    return source, layers.Dense(classes, name="third")(x)


def tiny_network(builder: Any = tiny_cnn) -> Network:
    return build_network(builder, SHAPE, CLASSES)


def tiny_dataset(samples: int = 60) -> Dataset:
    """Three classes that a bright row tells apart, with noise."""
    random = np.random.default_rng(5)
    labels = random.integers(0, CLASSES, samples).astype(np.int32)
    images = random.uniform(0, 0.3, (samples, *SHAPE)).astype(np.float32)
    images[np.arange(samples), labels] += np.float32(0.7)
    half = samples // 2
    return Dataset("tiny", ("a", "b", "c"), images[:half], labels[:half], images[half:], labels[half:])


def begin(network: Network, method: str, sparsity: float = 0.5, **given: Any) -> ServerState:
    """The state before the first round; clients score with their class-coloured noise."""
    data = tiny_dataset()
    beginning = Beginning(
        network=network,
        weights=initial_weights(1, network.specs),
        samples=SAMPLES,
        pruner=None,
        sparsity=sparsity,
        mask_source="shared",
        overlap=0.8,
        samples_of=lambda client: (data.train_x[client::CLIENTS], data.train_y[client::CLIENTS]),
        seed=0,
    )
    return ALGORITHMS.get(method).init(replace(beginning, **given))


def plan(**given: Any) -> RoundPlan:
    """A round of all clients by FedAvg's rules; ``given`` replaces parts of it."""
    whole = RoundPlan(
        work=WORK,
        cohort=tuple(range(CLIENTS)),
        aggregate=sparse_mean,
        optimise=partial(SERVER_OPTIMISERS.get("none"), rate=1.0),
        network=tiny_network(),
        rounds=8,
    )
    return replace(whole, **given)


def tiny_engine(network: Network, data: Dataset) -> LocalEngine:
    request = PartitionRequest(data.train_y, CLIENTS, 1.0, 5, np.random.default_rng(0))
    return LocalEngine(network, data, PARTITIONS.get("dirichlet")(request), 0)


class Adding:
    """An engine whose clients add their number plus one to every value they hold.

    Args:
        tamper: by client, from its good reply to what is changed in it.
        skip: the client that never replies.
        gradients: by client, its dense gradients.
    """

    def __init__(
        self,
        tamper: dict[int, Callable[[ClientReply], dict[str, object]]] | None = None,
        skip: int = -1,
        gradients: dict[int, Weights] | None = None,
    ) -> None:
        self._tamper, self._skip, self._gradients = tamper or {}, skip, gradients or {}
        self.asked: list[int] = []
        self.agreed: list[tuple[Masks, ...]] = []

    def agree(self, masks: tuple[Masks, ...]) -> None:
        self.agreed.append(masks)

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        for task in tasks:
            self.asked.append(task.client)
            if task.client != self._skip:
                added = np.frombuffer(task.payload, "<f4") + np.float32(task.client + 1)
                reply = ClientReply(
                    client=task.client,
                    round=task.round,
                    payload=added.astype("<f4").tobytes(),
                    samples=SAMPLES[task.client],
                    loss=float(task.client),
                    masks=task.masks,
                )
                yield replace(reply, **self._tamper.get(task.client, lambda _: {})(reply))

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:  # noqa: ARG002
        for client in clients:
            yield GradientReply(client, self._gradients[client], SAMPLES[client])

    def memory(self) -> dict[str, Any]:
        return {}

    def restore(self, memory: Any) -> None:
        pass

    def close(self) -> None:
        pass

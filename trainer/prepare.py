"""Everything a run needs before its first round."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from host_bridge.monitor.status import STATUS
from trainer.algorithms import ALGORITHMS, Algorithm, Beginning, ServerState
from trainer.choices import AUTO_DEVICES
from trainer.config import RunConfig
from trainer.datasets import Dataset, load_dataset
from trainer.engines import ENGINES, Engine, EnginePlace
from trainer.engines.fleet import with_boards
from trainer.fleet.planning import NoFleet, plan_fleet
from trainer.initialisers import initial_weights
from trainer.judge import Judge
from trainer.models import load_builder
from trainer.models.network import Network, build_network
from trainer.partitions import PARTITIONS, Partition, PartitionRequest, check_clients, check_smallest
from trainer.partitions.local_test import local_test_indices
from trainer.seeds import Purpose, generator
from trainer.tensors import Float32, Int32, Masks, TensorSpec, all_kept
from trainer.traffic import payload_bytes
from trainer.values import pack_values

WANTED_SAMPLES = 10
"""A partition tries to give every client so many samples, where there are enough; each must get at least one."""

LOCAL_TEST_SAMPLES = 500
"""Test samples that a client's own accuracy is measured on at most."""


@dataclass(frozen=True)
class Data:
    """Samples, and who holds them.

    Attributes:
        dataset: all samples.
        partition: which training samples each client holds.
    """

    dataset: Dataset = field(repr=False)
    partition: Partition = field(repr=False)


@dataclass(frozen=True)
class Prepared:
    """A run before its first round.

    Attributes:
        dataset: all samples.
        partition: which training samples each client holds.
        network: what clients train; physically smaller than the model where channels were removed.
        full_specs: the model's tensors before anything was removed.
        algorithm: how rounds are run.
        pruner: name of the pruner that chose the masks; None without one.
        state: the server's state, masks chosen.
        engine: where clients run; it knows the masks.
        judge: evaluates states.
        dense_bytes: what one direction of a client's round takes under dense float32 FedAvg of the same model.
        no_boards: why no client is a board, where that is worth saying.
    """

    dataset: Dataset = field(repr=False)
    partition: Partition = field(repr=False)
    network: Network
    full_specs: tuple[TensorSpec, ...] = field(repr=False)
    algorithm: Algorithm
    pruner: str | None
    state: ServerState
    engine: Engine
    judge: Judge
    dense_bytes: int
    no_boards: str = ""

    @property
    def masks(self) -> Masks:
        """The first client's mask; the only one where masks are shared."""
        return self.state.masks[0]


def load_data(config: RunConfig) -> Data:
    """Load the samples and spread them over the clients.

    Raises:
        UserError: more clients than samples, or a client that would get none.
    """
    dataset = load_dataset(config.dataset, None if config.data_dir is None else Path(config.data_dir).expanduser())
    return Data(dataset, split(config, dataset))


def prepare(config: RunConfig, data: Data) -> Prepared:
    """Build the model, choose masks, start the engine.

    Raises:
        UserError: pruning would empty a layer.
    """
    dataset, partition = data.dataset, data.partition
    begun = begin(config, data)
    state = begun.algorithm.init(begun.beginning)
    judge = Judge(begun.network, dataset, partition, _local_tests(config, data))
    engine, no_boards = _agreed(config, begun, data, state.masks)
    return Prepared(
        dataset=dataset,
        partition=partition,
        network=begun.network,
        full_specs=begun.full_specs,
        algorithm=begun.algorithm,
        pruner=begun.beginning.pruner,
        state=state,
        engine=engine,
        judge=judge,
        dense_bytes=begun.dense_bytes,
        no_boards=no_boards,
    )


@dataclass(frozen=True)
class Begun:
    """A model before its masks are chosen.

    Attributes:
        algorithm: how rounds are run.
        beginning: what it starts from.
        full_specs: the model's tensors before anything was removed.
        dense_bytes: what one direction of a client's round takes under dense float32 FedAvg of the same model.
    """

    algorithm: Algorithm
    beginning: Beginning
    full_specs: tuple[TensorSpec, ...] = field(repr=False)
    dense_bytes: int

    @property
    def network(self) -> Network:
        """What clients train."""
        return self.beginning.network


def begin(config: RunConfig, data: Data) -> Begun:
    """Build the model, physically smaller where the algorithm removes channels."""
    dataset = data.dataset
    full = build_network(load_builder(config.model), dataset.input_shape, len(dataset.classes))
    weights = initial_weights(config.seed, full.specs)
    algorithm = ALGORITHMS.get(config.method)
    beginning = Beginning(
        network=full,
        weights=weights,
        samples=tuple(len(indices) for indices in data.partition),
        pruner=(config.pruner or algorithm.pruners[0]) if algorithm.pruners else None,
        sparsity=config.sparsity,
        mask_source=config.masks,
        overlap=config.overlap,
        samples_of=_saliency_batches(config, data),
        seed=config.seed,
        rescale=None if config.rescale == "auto" else config.rescale == "yes",
    )
    if algorithm.shrink is not None:
        smaller = algorithm.shrink(beginning)
        beginning = replace(beginning, network=smaller.network, weights=smaller.take(weights))
    dense_bytes = payload_bytes(pack_values(weights, all_kept(full.specs)).tobytes())
    return Begun(algorithm, beginning, full.specs, dense_bytes)


def _agreed(config: RunConfig, begun: Begun, data: Data, masks: tuple[Masks, ...]) -> tuple[Engine, str]:
    """The engine, its clients holding their masks, and why none of them is a board, where that is worth saying.

    Raises:
        UserError: boards were asked for by name and cannot take part.
    """
    engine = _engine(config, begun, data)
    fleet = plan_fleet(config, begun.network, data.dataset, begun.beginning.pruner)
    if isinstance(fleet, NoFleet):
        engine.agree(masks)
        return engine, fleet.reason
    boards = with_boards(engine, fleet, data.dataset, data.partition, config.folder / STATUS)
    try:
        boards.agree(masks)
    except UserError as error:
        if config.devices != AUTO_DEVICES:
            raise
        return engine, str(error)  # which knows the masks already
    return boards, ""


def _engine(config: RunConfig, begun: Begun, data: Data) -> Engine:
    compaction = config.compaction and begun.algorithm.fixed_masks
    place = EnginePlace(begun.network, data.dataset, data.partition, config.seed, compaction=compaction, config=config)
    return ENGINES.get(config.engine)(place)


def split(config: RunConfig, dataset: Dataset) -> Partition:
    """Spread the training samples over the clients.

    Raises:
        UserError: more clients than samples, or a client that would get none.
    """
    samples = len(dataset.train_y)
    check_clients(samples, config.clients, dataset.name)
    wanted = min(WANTED_SAMPLES, samples // config.clients)
    random = generator(config.seed, Purpose.PARTITION)
    request = PartitionRequest(
        dataset.train_y, config.clients, config.alpha, wanted, random, groups=dataset.train_groups, shards=config.shards
    )
    return check_smallest(PARTITIONS.get(config.partition)(request), 1)


def _saliency_batches(config: RunConfig, data: Data) -> Callable[[int], tuple[Float32, Int32]]:
    """Gives a client's batch for saliency scores: some of its own samples, drawn once."""

    def batch(client: int) -> tuple[Float32, Int32]:
        indices = data.partition[client]
        random = generator(config.seed, Purpose.SALIENCY, client)
        chosen = np.sort(random.permutation(indices)[: config.saliency_samples])
        return data.dataset.train_x[chosen], data.dataset.train_y[chosen]

    return batch


def _local_tests(config: RunConfig, data: Data) -> tuple[np.ndarray, ...]:
    dataset = data.dataset
    return local_test_indices(
        data.partition,
        dataset.train_y,
        dataset.test_y,
        dataset.train_groups,
        dataset.test_groups,
        LOCAL_TEST_SAMPLES,
        generator(config.seed, Purpose.LOCAL_TEST),
    )

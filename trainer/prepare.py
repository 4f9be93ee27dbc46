"""Everything a run needs before its first round."""

from dataclasses import dataclass, field

from trainer.algorithms import ALGORITHMS, Algorithm, Beginning, ServerState
from trainer.config import RunConfig
from trainer.datasets import DATASETS, Dataset
from trainer.engines import ENGINES, Engine
from trainer.initialisers import initial_weights
from trainer.models import MODELS
from trainer.models.network import Network, build_network
from trainer.partitions import PARTITIONS, Partition, PartitionRequest, check_clients, check_smallest
from trainer.pruners import PRUNERS
from trainer.seeds import Purpose, generator
from trainer.tensors import Masks, all_kept
from trainer.traffic import values_bytes
from trainer.values import pack_values

WANTED_SAMPLES = 10
"""A partition tries to give every client so many samples, where there are enough; each must get at least one."""


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
        network: the model.
        algorithm: how rounds are run.
        state: the server's state, masks chosen.
        engine: where clients run; it knows the masks.
        dense_bytes: what one direction of a client's round takes under dense FedAvg of the same model.
    """

    dataset: Dataset = field(repr=False)
    partition: Partition = field(repr=False)
    network: Network
    algorithm: Algorithm
    state: ServerState
    engine: Engine
    dense_bytes: int

    @property
    def masks(self) -> Masks:
        """The mask that the clients share."""
        return self.state.masks[0]


def load_data(config: RunConfig) -> Data:
    """Load the samples and spread them over the clients.

    Raises:
        UserError: more clients than samples, or a client that would get none.
    """
    dataset = DATASETS.get(config.dataset)()
    return Data(dataset, split(config, dataset))


def prepare(config: RunConfig, data: Data) -> Prepared:
    """Build the model, choose masks, start the engine.

    Raises:
        UserError: pruning would empty a layer.
    """
    dataset, partition = data.dataset, data.partition
    network = build_network(MODELS.get(config.model), dataset.input_shape, len(dataset.classes))
    weights = initial_weights(config.seed, network.specs)
    algorithm, pruner = ALGORITHMS.get(config.method), PRUNERS.get(config.pruner)
    scores = generator(config.seed, Purpose.SCORES)
    state = algorithm.init(Beginning(network, weights, config.clients, pruner, config.sparsity, scores))
    engine = ENGINES.get(config.engine)(network, dataset, partition, config.seed)
    engine.agree(state.masks)
    dense_bytes = values_bytes(pack_values(weights, all_kept(network.specs)))
    return Prepared(dataset, partition, network, algorithm, state, engine, dense_bytes)


def split(config: RunConfig, dataset: Dataset) -> Partition:
    """Spread the training samples over the clients.

    Raises:
        UserError: more clients than samples, or a client that would get none.
    """
    samples = len(dataset.train_y)
    check_clients(samples, config.clients, dataset.name)
    wanted = min(WANTED_SAMPLES, samples // config.clients)
    random = generator(config.seed, Purpose.PARTITION)
    request = PartitionRequest(dataset.train_y, config.clients, config.alpha, wanted, random)
    return check_smallest(PARTITIONS.get(config.partition)(request), 1)

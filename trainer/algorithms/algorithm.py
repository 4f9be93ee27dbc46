"""What an algorithm is: a state, and a round as a function of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from trainer.engines.base import Engine, LocalWork
from trainer.models.network import Network
from trainer.pruners import Pruner
from trainer.tensors import Masks, TensorSpec, Weights


@dataclass(frozen=True)
class ServerState:
    """All that the server keeps between rounds.

    Attributes:
        round: rounds done.
        specs: the model's tensors.
        weights: the global model; zero where no client holds a weight.
        masks: for each client, the weights it holds; one and the same object where masks are shared.
    """

    round: int
    specs: tuple[TensorSpec, ...] = field(repr=False)
    weights: Weights = field(repr=False)
    masks: tuple[Masks, ...] = field(repr=False)


@dataclass(frozen=True)
class Beginning:
    """What an algorithm starts from.

    Attributes:
        network: the model.
        weights: its initial weights.
        clients: number of clients.
        pruner: how connections are scored.
        sparsity: share of prunable weights to drop.
        random: the pruner's only source of chance.
    """

    network: Network
    weights: Weights = field(repr=False)
    clients: int
    pruner: Pruner
    sparsity: float
    random: np.random.Generator


@dataclass(frozen=True)
class Exchange:
    """One client's traffic in a round, in bytes on the line (see :mod:`trainer.traffic`).

    Attributes:
        client: position of the client.
        samples: its training samples.
        bytes_down: from server to client.
        bytes_up: from client to server.
    """

    client: int
    samples: int
    bytes_down: int
    bytes_up: int


@dataclass(frozen=True)
class RoundMetrics:
    """What happened in a round.

    Attributes:
        loss: training loss, mean over the clients weighted by samples.
        exchanges: each client's traffic, in the order of the replies.
    """

    loss: float
    exchanges: tuple[Exchange, ...]


Initialise = Callable[[Beginning], ServerState]
RunRound = Callable[[ServerState, Engine, LocalWork], tuple[ServerState, RoundMetrics]]


@dataclass(frozen=True)
class Algorithm:
    """A federated algorithm.

    Attributes:
        init: chooses masks and initial weights.
        run_round: one round over all clients.
        prunes: whether ``sparsity`` and ``pruner`` mean anything to it.
    """

    init: Initialise
    run_round: RunRound
    prunes: bool

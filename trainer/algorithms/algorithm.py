"""What an algorithm is: a state, and a round as a function of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from trainer.aggregation import Aggregate
from trainer.channels import Compaction
from trainer.engines.base import Engine, LocalWork
from trainer.models.network import Network
from trainer.server_optimisers import OptimiserMemory
from trainer.tensors import Float32, Int32, Masks, TensorSpec, Weights

SamplesOf = Callable[[int], tuple[Float32, Int32]]
"""A client's batch for saliency scores: x and y."""


ServerStep = Callable[
    [tuple[TensorSpec, ...], Weights, Weights, Masks, OptimiserMemory], tuple[Weights, OptimiserMemory]
]
"""A server optimiser with its learning rate filled in."""


@dataclass(frozen=True)
class ServerState:
    """All that the server keeps between rounds.

    Attributes:
        round: rounds done.
        specs: the model's tensors.
        weights: the global model; at its start where no client holds an element.
        masks: for each client, what it holds; one and the same object where masks are shared.
        memory: of the server's optimiser and of the algorithm, by name.
    """

    round: int
    specs: tuple[TensorSpec, ...] = field(repr=False)
    weights: Weights = field(repr=False)
    masks: tuple[Masks, ...] = field(repr=False)
    memory: dict[str, Weights] = field(default_factory=dict, repr=False)

    @property
    def shared(self) -> bool:
        """Whether all clients hold the same."""
        return all(masks is self.masks[0] for masks in self.masks)


@dataclass(frozen=True)
class Beginning:
    """What an algorithm starts from.

    Attributes:
        network: the model.
        weights: its initial weights.
        samples: number of training samples of each client.
        pruner: name of how connections are scored; None for methods that need no scores.
        sparsity: share of prunable weights to drop.
        mask_source: ``shared``, ``federated`` or ``personalized``: whose saliency decides.
        overlap: share of personalized masks that all clients have in common, 0 to 1.
        samples_of: gives a client's batch for saliency scores.
        seed: of the run; the pruner's chance follows from it.
        rescale: whether survivors are scaled to make up for dropped inputs; None: as the pruner has it.
    """

    network: Network
    weights: Weights = field(repr=False)
    samples: tuple[int, ...]
    pruner: str | None
    sparsity: float
    mask_source: str
    overlap: float
    samples_of: SamplesOf = field(repr=False)
    seed: int
    rescale: bool | None = None

    @property
    def clients(self) -> int:
        """Number of clients."""
        return len(self.samples)

    def richest(self) -> int:
        """The client with the most samples; the one that is asked where one has to stand for all."""
        return max(range(self.clients), key=lambda client: self.samples[client])


@dataclass(frozen=True)
class RoundPlan:
    """What a round is to be.

    Attributes:
        work: what clients do.
        cohort: clients that are asked, ascending.
        absent: those of the cohort that will not answer (simulated).
        late: those whose update will come after the round is over (simulated): it is counted, but not used.
        quorum: share of the cohort that has to answer, or the round changes nothing.
        aggregate: how updates become one.
        optimise: what the server makes of it: a :class:`trainer.server_optimisers.ServerOptimiser` with its rate.
        network: the model, for methods that change masks.
        rounds: rounds of the whole run, for methods with a schedule of their own.
        adjust_every: rounds between changes of the masks, for methods that change them.
        sparsity: share of prunable weights to drop, for methods that change masks.
    """

    work: LocalWork
    cohort: tuple[int, ...]
    aggregate: Aggregate
    optimise: ServerStep
    network: Network
    rounds: int
    absent: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()
    quorum: float = 0.0
    adjust_every: int = 5
    sparsity: float = 0.0


@dataclass(frozen=True)
class Exchange:
    """One client's traffic in a round, in bytes on the line (see :mod:`trainer.traffic`).

    Attributes:
        client: position of the client.
        samples: its training samples; 0 if no update of it was used.
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
        loss: training loss, mean over the clients weighted by samples; None if nobody answered.
        exchanges: each client's traffic, ascending.
        rejected: updates that were wrong and so were not used, in words that name the client.
        late: clients whose update came after the round was over.
        applied: whether the quorum was reached, so that the round changed the model.
    """

    loss: float | None
    exchanges: tuple[Exchange, ...]
    rejected: tuple[str, ...] = ()
    late: int = 0
    applied: bool = True


Shrink = Callable[[Beginning], Compaction]
Initialise = Callable[[Beginning], ServerState]
RunRound = Callable[[ServerState, Engine, RoundPlan], tuple[ServerState, RoundMetrics]]


@dataclass(frozen=True)
class Algorithm:
    """A federated algorithm.

    Attributes:
        init: chooses masks and initial weights.
        shrink: makes the network physically smaller before ``init``, which then gets the smaller one.
        run_round: one round over a cohort.
        prunes: whether ``sparsity`` means anything to it.
        proximal: whether clients are pulled towards the weights they received.
        pruners: names of the pruners it can score with, the default first; none if it needs no scores.
        mask_sources: whose saliency may decide, beside ``shared``.
        fixed_masks: whether masks never change after ``init``.
    """

    init: Initialise
    run_round: RunRound
    prunes: bool
    proximal: bool = False
    pruners: tuple[str, ...] = ()
    mask_sources: tuple[str, ...] = ()
    shrink: Shrink | None = None
    fixed_masks: bool = True

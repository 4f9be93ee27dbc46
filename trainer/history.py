"""What a run's rounds leave behind."""

from dataclasses import dataclass, field

from trainer.algorithms.algorithm import ServerState


@dataclass(frozen=True)
class RoundRecord:
    """One round.

    Attributes:
        round: from 1.
        accuracy: of the new global model on the test set, 0 to 1; of personalized models their mean there.
        test_loss: mean cross-entropy there, in nats.
        loss: training loss, mean over the clients weighted by samples, in nats; None if nobody answered.
        answered: clients whose update was used.
        asked: clients in the cohort.
        rejected: updates that were wrong and so were not used, in words.
        applied: whether the quorum was reached.
        kept: prunable weights that the first client's mask keeps.
        bytes_up_per_client: mean bytes to the server from a client that sent anything.
        bytes_down_per_client: mean bytes from the server to a client of the cohort.
        seconds: wall-clock time of training and evaluation.
        cohort: clients that were asked; None for all.
        unused: those of the cohort that stayed silent or late, or whose update was refused.
        late: clients whose update came after the round was over.
        bytes_up: all bytes from clients to the server, those of late and refused updates too.
        bytes_down: all bytes from the server to clients.
    """

    round: int
    accuracy: float
    test_loss: float
    loss: float | None
    answered: int
    asked: int
    rejected: tuple[str, ...]
    applied: bool
    kept: int
    bytes_up_per_client: int
    bytes_down_per_client: int
    seconds: float
    cohort: tuple[int, ...] | None = None
    unused: tuple[int, ...] = ()
    late: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


@dataclass(frozen=True)
class ClientAccuracy:
    """How the final model serves one client, 0 to 1.

    Attributes:
        local: on test samples with the label proportions of its own training samples.
        overall: on the whole test set, by the client's own model where masks are personalized.
    """

    local: float
    overall: float


@dataclass(frozen=True)
class History:
    """All rounds, and what they led to.

    Attributes:
        rounds: in order.
        state: the server's final state.
        clients: for each client, how the final model serves it.
    """

    rounds: tuple[RoundRecord, ...]
    state: ServerState = field(repr=False)
    clients: tuple[ClientAccuracy, ...] = field(repr=False)

"""What a run's rounds leave behind."""

from dataclasses import dataclass, field

from trainer.tensors import Weights


@dataclass(frozen=True)
class RoundRecord:
    """One round.

    Attributes:
        round: from 1.
        accuracy: of the new global model on the test set, 0 to 1.
        test_loss: its mean cross-entropy there, in nats.
        loss: training loss, mean over the clients weighted by samples, in nats.
        bytes_up_per_client: mean bytes from a client to the server.
        bytes_down_per_client: mean bytes from the server to a client.
        seconds: wall-clock time of training and evaluation.
    """

    round: int
    accuracy: float
    test_loss: float
    loss: float
    bytes_up_per_client: int
    bytes_down_per_client: int
    seconds: float


@dataclass(frozen=True)
class History:
    """All rounds, and what they led to.

    Attributes:
        rounds: in order.
        weights: the final global model; zero where the masks drop a weight.
    """

    rounds: tuple[RoundRecord, ...]
    weights: Weights = field(repr=False)

"""The seam between algorithms and the place where clients run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from trainer.tensors import Float32, Masks


@dataclass(frozen=True)
class LocalWork:
    """What every client does in one round.

    Attributes:
        epochs: passes over its own samples.
        batch_size: samples in a batch.
        learning_rate: of stochastic gradient descent, in this round (see :mod:`trainer.schedules`).
        momentum: 0 for none; its velocity starts at zero in every round.
        weight_decay: factor of the weight that is added to its gradient; 0 for none. A. Krogh, J. A. Hertz: "A
            Simple Weight Decay Can Improve Generalization", NIPS 1991.
        shift: images of a batch are moved by up to this many pixels each way (see
            :func:`trainer.engines.shifts.draw_shifts`); 0 leaves them where they are.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float = 0.0
    shift: int = 0


@dataclass(frozen=True)
class ClientTask:
    """One client's part of a round.

    Attributes:
        client: position of the client, from 0.
        round: from 1.
        values: float32 (values,), what :func:`trainer.values.pack_values` gives under the client's mask.
        work: how to train.
    """

    client: int
    round: int
    values: Float32 = field(repr=False)
    work: LocalWork


@dataclass(frozen=True)
class ClientReply:
    """What a client sends back.

    Attributes:
        client: as in the task.
        round: as in the task.
        values: float32 (values,), the trained values in the order of the task's.
        samples: training samples of the client; its weight in the mean.
        loss: mean training loss over the round.
    """

    client: int
    round: int
    values: Float32 = field(repr=False)
    samples: int
    loss: float


class Engine(Protocol):
    """Runs clients: in this process, on boards, on other machines. Algorithms know nothing else of them."""

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask, once, before the first round."""

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Run tasks; replies come one at a time, in any order, so that nobody has to hold them all."""

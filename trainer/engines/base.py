"""The seam between algorithms and the place where clients run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trainer.tensors import Masks, Weights

Memory = Mapping[str, npt.NDArray[np.generic]]
"""What clients remember from round to round, as named arrays, so that it can be written to a file."""


@dataclass(frozen=True)
class LocalWork:
    """What every client does in one round.

    Attributes:
        epochs: passes over its own samples.
        batch_size: samples in a batch.
        learning_rate: of stochastic gradient descent, in this round (see :mod:`trainer.schedules`).
        momentum: 0 for none; its velocity starts at zero in every round.
        weight_decay: factor of the weight that is added to its gradient; 0 for none. A. Krogh, J. A. Hertz: "A
            Simple Weight Decay Can Improve Generalization", NIPS 1991. Scales of normalisations do not decay.
        shift: images of a batch are moved by up to this many pixels each way (see
            :func:`trainer.engines.shifts.draw_shifts`); 0 leaves them where they are.
        proximal: mu of FedProx: pulls towards the received weights; 0 for none.
        encoding: how values travel, one of :data:`trainer.wire.CODECS`.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float = 0.0
    shift: int = 0
    proximal: float = 0.0
    encoding: str = "float32"


@dataclass(frozen=True)
class ClientTask:
    """One client's part of a round.

    Attributes:
        client: position of the client, from 0.
        round: from 1.
        payload: kept values, in the order of :func:`trainer.values.pack_values`, as ``work.encoding`` writes them.
        work: how to train.
        masks: fingerprint (:func:`trainer.masks.fingerprint`) of the masks that the values are packed under.
    """

    client: int
    round: int
    payload: bytes = field(repr=False)
    work: LocalWork
    masks: int


@dataclass(frozen=True)
class Measured:
    """What a real line has carried for one client in one round: all bytes, acknowledgements and repetitions too.

    Attributes:
        down: bytes to the client.
        up: bytes from it.
    """

    down: int
    up: int


@dataclass(frozen=True)
class ClientReply:
    """What a client sends back.

    Attributes:
        client: as in the task.
        round: as in the task.
        payload: its update, in the order of the task's values, as the task's encoding writes updates.
        samples: training samples of the client; its weight in the mean.
        loss: mean training loss over the round.
        masks: fingerprint of the masks that the client holds.
        measured: where a line was used, what it carried.
    """

    client: int
    round: int
    payload: bytes = field(repr=False)
    samples: int
    loss: float
    masks: int
    measured: Measured | None = None


@dataclass(frozen=True)
class GradientReply:
    """A client's dense gradient, for methods that let dropped weights grow back.

    Attributes:
        client: position of the client.
        gradients: mean gradient of the loss over its samples, for every tensor; zeros for running statistics.
        samples: training samples of the client.
    """

    client: int
    gradients: Weights = field(repr=False)
    samples: int


class Engine(Protocol):
    """Runs clients: in this process, on boards, on other machines. Algorithms know nothing else of them."""

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask, before the first round and again whenever a method has changed masks."""

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Run tasks; replies come one at a time, in any order, and some may be missing."""

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:
        """Mean dense gradients of clients at ``weights``, dropped weights included.

        Raises:
            UserError: this engine cannot compute them.
        """

    def memory(self) -> Memory:
        """What clients remember between rounds, to be written into a checkpoint."""

    def restore(self, memory: Memory) -> None:
        """Bring back what :meth:`memory` gave."""

    def close(self) -> None:
        """Let go of whatever the engine has started."""

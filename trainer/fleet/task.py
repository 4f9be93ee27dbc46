"""What a fleet is asked to do, and what it says; nothing here knows where the asking comes from."""

from dataclasses import dataclass, field

from host_bridge.errors import UserError
from host_bridge.learner import RoundWork
from trainer.fleet.setup import MaskSetup, Samples
from trainer.tensors import Int32


@dataclass(frozen=True)
class BoardSetup:
    """What a board must have before it can train.

    Attributes:
        model: SHA-256 of the learner's description, hexadecimal: what its firmware must be built from.
        run: a number for the federation; boards keep nothing from one to another.
        mask: what is trained.
        samples: the client's.
    """

    model: str
    run: int
    mask: MaskSetup = field(repr=False)
    samples: Samples = field(repr=False)


@dataclass(frozen=True)
class BoardTask:
    """One round of one board.

    Attributes:
        client: the board's client.
        round: from 1.
        work: how to train.
        order: int32 (seen,), positions in the shard.
        shifts: int32 (batches, 2), pixels down and right; None where images are not moved.
        values: the server's values in the work's encoding.
    """

    client: int
    round: int
    work: RoundWork
    order: Int32 = field(repr=False)
    shifts: Int32 | None = field(repr=False)
    values: bytes = field(repr=False)


@dataclass(frozen=True)
class BoardReply:
    """What a board sends back.

    Attributes:
        client: as in the task.
        round: as in the task.
        update: in the work's encoding.
        samples: of its shard.
        loss: mean training loss, nats.
        sent: bytes to the board in this round, framing, repetitions and acknowledgements included.
        received: bytes from the board.
    """

    client: int
    round: int
    update: bytes = field(repr=False)
    samples: int
    loss: float
    sent: int
    received: int


@dataclass(frozen=True)
class Limits:
    """How patient a fleet is, in seconds.

    Attributes:
        repeat: until a request is repeated.
        answer: until a board that says nothing is given up for the round.
        round: until a round is over for boards that have not finished it.
        fruitless: times in a row that a board may fail to answer at all, or refuse, before it is given up.
    """

    repeat: float = 2.0
    answer: float = 10.0
    round: float = 300.0
    fruitless: int = 3


class BoardLostError(UserError):
    """A board did not finish a round; the message says which board and why."""

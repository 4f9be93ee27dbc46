"""A board that learns, as the host sees it: mask and shard once, then round after round."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from host_bridge import learning_messages as messages
from host_bridge.client import Board
from host_bridge.payload import number
from host_bridge.transfer import Download, get, put

ENCODINGS = {"float32": 0, "float16": 1, "int8": 2}
"""Numbers of the encodings of values."""
SAMPLE_BYTES = 0
"""The ``sample_format`` of boards that store a byte a value."""


@dataclass(frozen=True)
class LearnerState:
    """The LEARNER reply; units and meanings are those of the message table."""

    format: int
    state: int
    sample_format: int
    classes: int
    sample_bytes: int
    sample_scale_bits: int
    sample_capacity: int
    order_capacity: int
    value_capacity: int
    block_bytes: int
    values: int
    mask: int
    samples: int
    shard_crc32: int
    round: int
    residual_round: int
    runs: int
    norm_max: int

    @property
    def has_values(self) -> bool:
        """Whether it has values of its mask, from a seed, a task or training."""
        return bool(self.state & messages.HAS_VALUES)

    @property
    def has_shard(self) -> bool:
        """Whether its samples are complete."""
        return bool(self.state & messages.HAS_SHARD)

    @property
    def sample_scale(self) -> float:
        """What the byte 1 of a sample stands for."""
        return bits_float(self.sample_scale_bits)

    @property
    def stores_bytes(self) -> bool:
        """Whether it stores a byte a value of a sample; else float32."""
        return self.sample_format == SAMPLE_BYTES

    @property
    def can_seed(self) -> bool:
        """Whether it computes a mask itself."""
        return bool(self.state & messages.CAN_SEED)

    @property
    def can_round(self) -> bool:
        """Whether it takes encodings that round."""
        return bool(self.state & messages.CAN_ROUND)


@dataclass(frozen=True)
class RoundWork:
    """What a board does in one round.

    Attributes:
        epochs: passes over its samples.
        batch_size: samples in a batch.
        learning_rate: of stochastic gradient descent.
        momentum: 0 for none.
        weight_decay: factor of the weight that is added to its gradient.
        proximal: mu of FedProx.
        encoding: how values travel, both ways, one of :data:`ENCODINGS`.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    proximal: float
    encoding: str


@dataclass(frozen=True)
class RoundTask:
    """One round of one board.

    Attributes:
        run: which federation it belongs to: any number, the same for all its rounds.
        number: of the round, from 1.
        since: the latest round of this run that the board is known to have trained; 0 for none.
        mask: fingerprint of the mask that the values are packed under.
        work: what to do.
        order: for each sample that is seen, its position in the shard.
        shifts: for each batch, pixels down and right; None where images are not moved.
        values: the server's values, in the work's encoding.
    """

    run: int
    number: int
    since: int
    mask: int
    work: RoundWork
    order: Sequence[int]
    shifts: Sequence[tuple[int, int]] | None
    values: bytes


@dataclass(frozen=True)
class Begun:
    """How a board stands to a round.

    Attributes:
        ready: whether the task is there already.
        trained: whether this very round has been trained already.
        residual_round: the latest round whose rounding the board remembers; 0 for none.
    """

    ready: bool
    trained: bool
    residual_round: int


@dataclass(frozen=True)
class Trained:
    """A round that has been trained.

    Attributes:
        loss: mean training loss in nats.
        samples: of the board's shard.
        seen: samples seen, each as often as it was.
        ticks: of the board's clock.
        update_bytes: of the update.
    """

    loss: float
    samples: int
    seen: int
    ticks: int
    update_bytes: int


@dataclass(frozen=True)
class Evaluated:
    """The board's values on its own samples."""

    samples: int
    correct: int
    loss: float
    ticks: int


@dataclass(frozen=True)
class Seeded:
    """A mask that the board has found.

    Attributes:
        mask: its fingerprint.
        values: kept values.
        ticks: of the board's clock.
    """

    mask: int
    values: int
    ticks: int


class Learner:
    """What a learner firmware is asked.

    Args:
        board: an open conversation with it.
        chunk_bytes: bytes of a transfer in a frame; None for as many as fit, which is best on a line without errors.

    Raises:
        BoardResetError: (from every method) the board has lost the session that was open, and has not done it.
        LinkError: (likewise) the board refused, or did not answer.
    """

    def __init__(self, board: Board, chunk_bytes: int | None = None) -> None:
        self.board = board
        self.chunk_bytes = chunk_bytes
        self._model = int.from_bytes(bytes.fromhex(board.info().model_sha256)[:4], "little")

    def state(self) -> LearnerState:
        """Where the board stands."""
        reply = self.board.request(messages.LEARNER)
        return LearnerState(**{field.name: number(reply, field.name) for field in messages.LEARNER.reply})

    def seed(self, seed: int, keep: Sequence[int]) -> Seeded:
        """Let the board compute its mask and initial values.

        Args:
            seed: of the initial weights.
            keep: weights that are kept after each iteration of SynFlow.
        """
        counts = struct.pack(f"<{len(keep)}I", *keep)
        reply = self.board.request(messages.SEED, model=self._model, seed=seed, keep=counts)
        return Seeded(number(reply, "mask"), number(reply, "values"), number(reply, "ticks"))

    def load_mask(self, mask: bytes) -> None:
        """Send a mask: for each kept element its distance from the one before, minus 1, as LEB128."""
        put(self.board, messages.MASK, mask, chunk_bytes=self.chunk_bytes)

    def load_shard(self, labels: bytes, samples: bytes) -> None:
        """Send the board's training samples: a label each, then the samples in the board's format."""
        put(self.board, messages.SHARD, labels + samples, chunk_bytes=self.chunk_bytes)

    def load_task(self, task: RoundTask, samples: int) -> None:
        """Send what :meth:`begin` has announced."""
        content = task_bytes(task, samples)
        put(self.board, messages.TASK, content, item=task.number, chunk_bytes=self.chunk_bytes)

    def fetch_update(self, number_: int, partial: Download | None = None) -> bytes:
        """The update of the round trained last; ``partial`` spares what arrived before a line was lost."""
        return get(self.board, messages.UPDATE, item=number_, chunk_bytes=self.chunk_bytes, partial=partial)

    def begin(self, task: RoundTask, samples: int) -> Begun:
        """Begin a round, or find it begun.

        Args:
            task: the round.
            samples: of the board's shard.
        """
        work = task.work
        reply = self.board.request(
            messages.ROUND,
            model=self._model, run=task.run, number=task.number, since=task.since,
            task_crc32=zlib.crc32(task_bytes(task, samples)), mask=task.mask,
            epochs=work.epochs, batch_size=work.batch_size,
            learning_rate=float_bits(work.learning_rate), momentum=float_bits(work.momentum),
            weight_decay=float_bits(work.weight_decay), proximal=float_bits(work.proximal),
            encoding=ENCODINGS[work.encoding], moved=int(task.shifts is not None),
        )  # fmt: skip
        return Begun(bool(number(reply, "ready")), bool(number(reply, "trained")), number(reply, "residual_round"))

    def train(self, number_: int) -> Trained:
        """Train the round that has begun; a repetition is answered with the same result."""
        reply = self.board.request(messages.TRAIN, number=number_)
        loss = bits_float(number(reply, "loss"))
        samples, seen = number(reply, "samples"), number(reply, "seen")
        return Trained(loss, samples, seen, number(reply, "ticks"), number(reply, "update_bytes"))

    def evaluate(self) -> Evaluated:
        """Accuracy and loss of the board's present values on its own samples."""
        reply = self.board.request(messages.EVALUATE)
        loss = bits_float(number(reply, "loss"))
        return Evaluated(number(reply, "samples"), number(reply, "correct"), loss, number(reply, "ticks"))


def task_bytes(task: RoundTask, samples: int) -> bytes:
    """The TASK of a round: positions of a byte each in shards of up to 256 samples, else of two; shifts; values."""
    order = struct.pack(f"<{len(task.order)}{'B' if samples <= 256 else 'H'}", *task.order)
    shifts = b"".join(struct.pack("<bb", *shift) for shift in task.shifts or ())
    return order + shifts + task.values


def float_bits(value: float) -> int:
    """The bits of a number rounded to float32."""
    return int(struct.unpack("<I", struct.pack("<f", value))[0])


def bits_float(bits: int) -> float:
    """The float32 of these bits."""
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])

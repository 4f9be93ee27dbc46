"""One client on one board: connects, brings the board up to date, trains; and again when a line or a board fails.

Everything is asked in a session, so that a board which was reset, or which another host has taken over, says so before
it does anything.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from device_sim.power import EmulatedPower, Power
from host_bridge.client import Board
from host_bridge.conversation import BoardResetError
from host_bridge.errors import LinkError, UserError
from host_bridge.learner import Learner, LearnerState, RoundTask
from host_bridge.link import BoardError, NoAnswerError
from host_bridge.transfer import Download
from trainer.fleet.meter import Meter
from trainer.fleet.record import BoardRecord
from trainer.fleet.task import BoardLostError, BoardReply, BoardSetup, BoardTask, Limits

Result = TypeVar("Result")

_FINAL = frozenset({"bad_values", "bad_norm", "bad_size", "learner_failed", "unknown_type"})
"""Refusals that the same request would meet again."""
_PAUSE_SECONDS = 0.2


class _WrongFirmwareError(UserError):
    """The board cannot do what this run needs; trying again does not help."""


class ClientBoard:
    """A board that is a client. All calls must come from one thread (:class:`device_sim.power.EmulatedPower`).

    Args:
        power: keeps the board running.
        setup: what it must have.
        record: where its doings are counted.
        limits: how patient to be.

    Attributes:
        told: called whenever the record has changed.
    """

    def __init__(self, power: Power, setup: BoardSetup, record: BoardRecord, limits: Limits | None = None) -> None:
        self.record = record
        self.told: Callable[[], None] = lambda: None
        self._power, self._setup, self._limits = power, setup, limits or Limits()
        self._learner: Learner | None = None
        self._meter = Meter(record)
        self._session = 0
        self._was_reset = False
        self._was_ready = False
        self._partial = (0, Download())

    def prepare(self) -> None:
        """Connect, and bring mask and shard to the board.

        Raises:
            BoardLostError: it does not answer, refuses, or runs another firmware.
        """
        self._insist(self._ready)
        self._meter.count(setup=True)
        self._say("waiting")

    def train(self, task: BoardTask) -> BoardReply:
        """Train one round.

        Raises:
            BoardLostError: it did not finish within the limits.
        """
        self.record.round = task.round
        sent, received = self.record.round_sent, self.record.round_received
        update, samples, loss = self._insist(lambda: self._round(task))
        self.record.last_trained = task.round
        self.record.rounds += 1
        self._say("waiting")
        sent, received = self.record.round_sent - sent, self.record.round_received - received
        return BoardReply(task.client, task.round, update, samples, loss, sent, received)

    def close(self) -> None:
        """Hang up and switch the board off."""
        self._hang_up()
        self._power.off()
        self._say("off")

    def _insist(self, work: Callable[[], Result]) -> Result:
        """Do it; on a broken line, a reset board or a dead emulator do it again, as long as there is hope."""
        deadline = time.monotonic() + self._limits.round
        fruitless = 0
        while True:
            answers = self._meter.answers
            try:
                return work()
            except UserError as error:
                lost_session = isinstance(error, BoardResetError) and self._learner is not None
                if lost_session:
                    self._enter_session()
                else:
                    self._hang_up()
                answered = self._meter.answers > answers
                fruitless = 0 if answered and not _is_refusal(error) else fruitless + 1
                out_of_time = time.monotonic() + _PAUSE_SECONDS >= deadline
                if fruitless >= self._limits.fruitless or out_of_time or _is_final(error):
                    self._say("lost")
                    raise BoardLostError(f"client {self.record.client} on {self.record.place}: {error}") from error
                if isinstance(error, NoAnswerError):
                    # A board that has answered hangs on a bad line, else it hangs itself.
                    self._meter.shrink() if answered else self._power.off()
                self.record.reconnects += not lost_session
            time.sleep(_PAUSE_SECONDS)

    def _enter_session(self) -> None:
        """A session has been opened: note whether the board was reset since the one before."""
        assert self._learner is not None and self._learner.board.link.session is not None
        self._was_reset |= self._session != 0 and self._learner.board.previous_session == 0
        self._session = self._learner.board.link.session.number

    def _connected(self) -> Learner:
        if self._learner is not None:
            return self._learner
        self._say("connecting")
        url = self._power.url()
        self.record.restarts = max(self._power.starts - 1, 0)
        board = Board.connect(url, self._limits.repeat, self._limits.answer, key=self._power.key, session=True)
        self._meter.watch(board)
        self._learner = Learner(board, self._meter.chunk_bytes)
        self._enter_session()
        if isinstance(self._power, EmulatedPower) and self._power.running is not None:
            self.record.tick_instructions = self._power.running.instructions(1.0)
        found, wanted = board.info().model_sha256, self._setup.model
        if found != wanted:
            raise _WrongFirmwareError(
                f"its firmware was built from another description ({found[:12]}… instead of {wanted[:12]}…); "
                "build and flash the learner of this run"
            )
        return self._learner

    def _ready(self) -> tuple[Learner, LearnerState]:
        """The board with mask and shard in force; whatever it lacks is brought to it."""
        learner = self._connected()
        state = learner.state()
        mask, shard = self._setup.mask, self._setup.samples.shard(state)
        has_all = state.mask == mask.fingerprint and state.has_shard and state.shard_crc32 == shard.crc32
        self.record.reboots += self._was_reset or (self._was_ready and not has_all)
        self._was_reset = False
        if not has_all:
            self._was_ready = False
            self._meter.count(setup=not self.record.round)
            if state.mask != mask.fingerprint:
                self._bring_mask(learner, state)
            self._say("samples")
            learner.load_shard(shard.labels, shard.samples)
            state = learner.state()
            self._meter.count(setup=True)
        self.record.block_bytes = state.block_bytes
        self._was_ready = True
        return learner, state

    def _bring_mask(self, learner: Learner, state: LearnerState) -> None:
        self._say("mask")
        mask = self._setup.mask
        if mask.recipe is not None and state.can_seed:
            try:
                found = learner.seed(mask.recipe.seed, mask.recipe.keep).mask
            except BoardError:
                found = 0
            if found == mask.fingerprint:
                self.record.mask = "seed"
                return
        learner.load_mask(mask.gaps)
        self.record.mask = "link"

    def _round(self, task: BoardTask) -> tuple[bytes, int, float]:
        learner, state = self._ready()
        self._say("sending")
        wanted = _round_task(task, self._setup, self.record.last_trained)
        begun = learner.begin(wanted, state.samples)
        rounds = state.can_round and task.work.encoding != "float32"
        if rounds and self.record.last_trained and not begun.residual_round:
            self.record.residuals_lost += 1
        if not begun.ready:
            learner.load_task(wanted, state.samples)
        self._say("training")
        trained = learner.train(task.round)
        if not begun.trained:
            self.record.ticks += trained.ticks
            self.record.seen += trained.seen
        self._say("receiving")
        if self._partial[0] != task.round:
            self._partial = task.round, Download()
        update = learner.fetch_update(task.round, self._partial[1])
        self._meter.count()
        return update, trained.samples, trained.loss

    def _hang_up(self) -> None:
        if self._learner is not None:
            self._meter.count(setup=not self._was_ready)
            self._learner.board.close()
            self._learner = None

    def _say(self, state: str) -> None:
        self.record.state = state
        self.told()


def _is_refusal(error: UserError) -> bool:
    """Whether trying again may go on for ever: the board refuses, resets itself, or obeys two hosts."""
    return isinstance(error, BoardError | BoardResetError) or not isinstance(error, LinkError)


def _is_final(error: UserError) -> bool:
    return isinstance(error, _WrongFirmwareError) or (isinstance(error, BoardError) and error.name in _FINAL)


def _round_task(task: BoardTask, setup: BoardSetup, since: int) -> RoundTask:
    shifts = None if task.shifts is None else [(int(down), int(right)) for down, right in task.shifts]
    return RoundTask(
        run=setup.run,
        number=task.round,
        since=since,
        mask=setup.mask.fingerprint,
        work=task.work,
        order=task.order.tolist(),
        shifts=shifts,
        values=task.values,
    )

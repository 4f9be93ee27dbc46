"""Some clients on boards, the others in another engine, both at the same time."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from firmware_gen.learner_report import LearnerReport
from host_bridge.errors import UserError
from host_bridge.learner import RoundWork
from host_bridge.monitor.status import FleetStatus, write_status
from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask, Engine, GradientReply, LocalWork, Measured, Memory
from trainer.engines.batches import draw_order
from trainer.fleet.assembly import Assembled, FleetPlan, assemble
from trainer.fleet.fleet import Fleet
from trainer.fleet.record import BoardRecord
from trainer.fleet.task import BoardReply, BoardTask
from trainer.masks import fingerprint
from trainer.partitions import Partition
from trainer.tensors import Masks, Weights

OpenFleet = Callable[[tuple[Masks, ...]], Assembled]
"""Starts a fleet whose boards hold these masks (one for each client of the run)."""

LEARNERS = "learners"
"""Folder of a run with the firmware of its boards."""
_BOARD = "board/"


class FleetEngine:
    """See :class:`trainer.engines.base.Engine`.

    What a board remembers between rounds (its residual, with encodings that round) stays on the board. A run that is
    resumed with boards that were on all the time goes on exactly; a board that was reset starts with a residual of
    zeros, and its record counts that. With float32 there is nothing to remember.

    Args:
        others: where the other clients run.
        open_fleet: starts the boards.
        partition: which samples each client holds.
        seed: of the run.
    """

    def __init__(self, others: Engine, open_fleet: OpenFleet, partition: Partition, seed: int) -> None:
        self._others, self._open_fleet, self._partition, self._seed = others, open_fleet, partition, seed
        self._assembled: Assembled | None = None
        self._masks: dict[int, int] = {}

    @property
    def boards(self) -> tuple[BoardRecord, ...]:
        """What each board has done."""
        return () if self._assembled is None else self._assembled.fleet.records

    @property
    def firmwares(self) -> dict[str, LearnerReport]:
        """What boards that are started here run, by the name of the folder it was built in."""
        return {} if self._assembled is None else self._assembled.reports

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask, and start the boards when this is the first time.

        Raises:
            UserError: a board's mask changes later, or a board does not start.
        """
        self._others.agree(masks)
        if self._assembled is None:
            self._assembled = self._open_fleet(masks)
            self._masks = {client: fingerprint(masks[client]) for client in self._assembled.fleet.clients}
        elif any(fingerprint(masks[client]) != held for client, held in self._masks.items()):
            raise UserError("boards keep their masks, and this method changes them; use --devices none")

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Boards first, for they take longest; while they train, the others do."""
        fleet = self._running()
        given = list(tasks)
        on_boards = [task for task in given if task.client in fleet.clients]
        under_way = fleet.start(self._board_task(task) for task in on_boards)
        yield from self._others.train(task for task in given if task.client not in fleet.clients)
        for reply in under_way.replies():
            yield _client_reply(reply, self._masks[reply.client])

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:
        """Of clients that are no boards.

        Raises:
            UserError: a client is a board.
        """
        asked = list(clients)
        if any(client in self._running().clients for client in asked):
            raise UserError("boards give no gradients of dropped weights; use --devices none")
        return self._others.gradients(asked, weights)

    def memory(self) -> Memory:
        """What the others remember, and the latest round that each board has trained."""
        boards = {f"{_BOARD}{one.client}": np.asarray(one.last_trained) for one in self.boards}
        return {**self._others.memory(), **boards}

    def restore(self, memory: Memory) -> None:
        """Bring back what :meth:`memory` gave."""
        mine = {name: kept for name, kept in memory.items() if name.startswith(_BOARD)}
        self._others.restore({name: kept for name, kept in memory.items() if name not in mine})
        rounds = {int(name.removeprefix(_BOARD)): int(kept) for name, kept in mine.items()}
        for record in self.boards:
            record.last_trained = rounds.get(record.client, 0)

    def close(self) -> None:
        """Switch the boards off."""
        if self._assembled is not None:
            self._assembled.close()
        self._others.close()

    def _running(self) -> Fleet:
        if self._assembled is None:
            raise RuntimeError("agree() has not been called")
        return self._assembled.fleet

    def _board_task(self, task: ClientTask) -> BoardTask:
        samples = len(self._partition[task.client])
        order = draw_order(self._seed, task.round, task.client, samples, task.work)
        return BoardTask(
            task.client, task.round, _round_work(task.work), order.positions, order.shifts, values=task.payload
        )


def with_boards(
    others: Engine, plan: FleetPlan, dataset: Dataset, partition: Partition, status: Path | None
) -> FleetEngine:
    """An engine whose first clients are boards.

    Args:
        others: where the other clients run.
        plan: the boards.
        dataset: where samples are.
        partition: which of them each client holds.
        status: file that tells watchers what the boards do, written from the first round on; None for none.
    """

    def told(news: FleetStatus) -> None:
        if status is not None and any(board.round for board in news.boards):
            write_status(status, news)

    return FleetEngine(others, lambda masks: assemble(plan, dataset, partition, masks, told), partition, plan.seed)


def boards_of(engine: Engine) -> tuple[BoardRecord, ...]:
    """What each board of an engine has done; none where no client is a board."""
    return engine.boards if isinstance(engine, FleetEngine) else ()


def learners_of(engine: Engine) -> dict[str, LearnerReport]:
    """What an engine's emulated boards run, by the name of the folder it was built in."""
    return engine.firmwares if isinstance(engine, FleetEngine) else {}


def keep_learners(engine: Engine, folder: Path) -> None:
    """Copy the projects of the learners that were built into ``folder``, before the engine is closed."""
    for name, report in learners_of(engine).items():
        shutil.copytree(report.elf.parents[1], folder / LEARNERS / name)


def _round_work(work: LocalWork) -> RoundWork:
    return RoundWork(
        epochs=work.epochs,
        batch_size=work.batch_size,
        learning_rate=work.learning_rate,
        momentum=work.momentum,
        weight_decay=work.weight_decay,
        proximal=work.proximal,
        encoding=work.encoding,
    )


def _client_reply(reply: BoardReply, masks: int) -> ClientReply:
    measured = Measured(down=reply.sent, up=reply.received)
    return ClientReply(reply.client, reply.round, reply.update, reply.samples, reply.loss, masks, measured)

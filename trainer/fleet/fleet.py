"""A set of boards that trains tasks, all at the same time: one thread for each board, as long as the fleet lives."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from host_bridge.monitor.status import BoardStatus, FleetStatus
from trainer.fleet.board import ClientBoard
from trainer.fleet.record import BoardRecord
from trainer.fleet.task import BoardLostError, BoardReply, BoardTask

Told = Callable[[FleetStatus], None]
"""Hears what the fleet does, whenever that changes; from any thread, one call at a time."""

_GRACE_SECONDS = 5.0
"""How long a board that has passed a round's end may take to notice it, before the round goes on without it."""


class Fleet:
    """Boards by client; a context manager that switches them off.

    Args:
        boards: each a client of its own.
        seconds: that a round may take.
        rounds: of the whole run, for those who watch; 0 where nobody knows.
        told: hears the fleet's status.
    """

    def __init__(
        self, boards: Sequence[ClientBoard], seconds: float, rounds: int = 0, told: Told = lambda _: None
    ) -> None:
        self._boards = {board.record.client: board for board in boards}
        self._seconds, self._rounds, self._told = seconds, rounds, told
        self._lock = threading.Lock()
        self._threads = {client: ThreadPoolExecutor(1, thread_name_prefix=f"board {client}") for client in self._boards}
        self._busy: dict[int, Future[BoardReply]] = {}
        for board in boards:
            board.told = self.tell

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def clients(self) -> tuple[int, ...]:
        """The clients that are boards."""
        return tuple(self._boards)

    @property
    def records(self) -> tuple[BoardRecord, ...]:
        """What each board has done, in the order of the clients."""
        return tuple(board.record for board in self._boards.values())

    def prepare(self) -> None:
        """Bring every board up to date before the first round.

        Raises:
            BoardLostError: one does not answer, refuses, or runs another firmware.
        """
        started = [self._threads[client].submit(board.prepare) for client, board in self._boards.items()]
        wait(started)
        for future in started:
            future.result()

    def start(self, tasks: Iterable[BoardTask]) -> "RoundUnderWay":
        """Hand out tasks, at most one a board; they are trained while the caller does something else.

        A board that is still busy with an earlier round gets none and is counted as lost.
        """
        started: dict[int, Future[BoardReply]] = {}
        for task in tasks:
            board, busy = self._boards[task.client], self._busy.get(task.client)
            if busy is not None and not busy.done():
                self._lose(board.record, "it is still busy with an earlier round")
                continue
            started[task.client] = self._threads[task.client].submit(board.train, task)
        self._busy |= started
        return RoundUnderWay(started, time.monotonic() + self._seconds + _GRACE_SECONDS, self._lost)

    def tell(self) -> None:
        """Tell the fleet's status."""
        with self._lock:
            self._told(FleetStatus(self._rounds, tuple(_status(record) for record in self.records)))

    def close(self) -> None:
        """Hang up and switch all boards off, each in its own thread; one that is busy finishes its request first."""
        closing = [self._threads[client].submit(board.close) for client, board in self._boards.items()]
        wait(closing)
        for thread in self._threads.values():
            thread.shutdown()

    def _lost(self, client: int, why: str) -> None:
        self._lose(self._boards[client].record, why)

    def _lose(self, record: BoardRecord, why: str) -> None:
        record.losses += 1
        record.last_loss = why
        record.state = "lost"
        self.tell()


class RoundUnderWay:
    """A round that boards are training.

    Args:
        started: by client.
        deadline: a time of :func:`time.monotonic`; boards that are not done by then are lost for this round.
        lost: told about each of them, and about those that failed.
    """

    def __init__(
        self, started: dict[int, Future[BoardReply]], deadline: float, lost: Callable[[int, str], None]
    ) -> None:
        self._started, self._deadline, self._lost = started, deadline, lost

    def replies(self) -> Iterator[BoardReply]:
        """Replies as boards finish; a board that is lost gives none."""
        waiting = {future: client for client, future in self._started.items()}
        while waiting:
            done, _ = wait(waiting, max(self._deadline - time.monotonic(), 0.0), "FIRST_COMPLETED")
            if not done:
                break
            for future in done:
                client = waiting.pop(future)
                try:
                    yield future.result()
                except BoardLostError as error:
                    self._lost(client, str(error))
        for client in waiting.values():
            self._lost(client, "it did not finish in time")


def _status(record: BoardRecord) -> BoardStatus:
    return BoardStatus(
        board=record.place,
        client=record.client,
        state=record.state,
        round=record.round,
        sent_bytes=record.setup_sent + record.round_sent,
        received_bytes=record.setup_received + record.round_received,
        retries=record.retries,
        losses=record.losses,
        reboots=record.reboots,
    )

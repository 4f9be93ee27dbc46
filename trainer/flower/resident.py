"""The process that stays: a SuperNode starts one for each message, which hands the message on to this one and ends.

So TensorFlow is loaded, a model built and a graph compiled once for a SuperNode, not once for a message, and the lines
to its boards stay open. It listens at a socket that only this user can reach, and ends with the SuperNode.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import psutil
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity

SOCKET = "socket"
_WATCH_SECONDS = 0.5

Answer = Callable[[Message, Context], RecordDict]


@dataclass(frozen=True)
class Asked:
    """What is handed on.

    Attributes:
        message: the server's.
        context: Flower's, of the SuperNode.
        identity: run, task and node that Flower knows the asking process by.
    """

    message: Message
    context: Context
    identity: tuple[int, int, int]


@dataclass(frozen=True)
class Answered:
    """What is handed back.

    Attributes:
        content: of the reply.
        state: of the context after it.
        failure: what broke; empty if nothing did.
    """

    content: RecordDict
    state: RecordDict
    failure: str = ""


@dataclass
class Recollection:
    """What clients remember, for messages that are answered at the same time know nothing of each other's end.

    Args:
        prefix: of the names of the context's records that hold it.
    """

    prefix: str
    _known: dict[int, dict[str, ArrayRecord | ConfigRecord | MetricRecord]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, context: Context) -> None:
        """Bring a context up to date."""
        with self._lock:
            for name, record in self._known.get(context.run_id, {}).items():
                context.state[name] = record

    def keep(self, context: Context, before: RecordDict) -> None:
        """Take over what has changed since ``before``, the context's state then."""
        with self._lock:
            known = self._known.setdefault(context.run_id, {})
            for name, record in context.state.items():
                if name.startswith(self.prefix) and record is not before.get(name):
                    known[name] = record


def serve(folder: Path, owner: int, answer: Answer, memory: Recollection) -> None:
    """Answer until a process ends.

    Args:
        folder: where the socket goes; only this user may enter it.
        owner: the process.
        answer: what is done with a message; may be called from several threads.
        memory: what clients remember.
    """
    threading.Thread(target=_end_with, args=(owner, folder), daemon=True).start()
    socket = folder / SOCKET
    socket.unlink(missing_ok=True)
    with Listener(str(socket), "AF_UNIX", backlog=64) as listener:
        while True:
            connection = listener.accept()
            threading.Thread(target=_serve_one, args=(connection, answer, memory), daemon=True).start()


def _serve_one(connection: Connection, answer: Answer, memory: Recollection) -> None:
    with connection:
        try:
            asked: Asked = connection.recv()
        except (EOFError, OSError):
            return  # somebody who only looked whether anyone is here
        try:
            answered = _answered(asked, answer, memory)
        except Exception as error:  # whatever it is, the one who asked must hear it
            answered = Answered(RecordDict(), RecordDict(), f"{type(error).__name__}: {error}")
        connection.send(answered)


def _answered(asked: Asked, answer: Answer, memory: Recollection) -> Answered:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = asked.identity
    context = asked.context
    memory.recall(context)
    before = RecordDict(dict(context.state))
    content = answer(asked.message, context)
    memory.keep(context, before)
    return Answered(content, context.state)


def _end_with(owner: int, folder: Path) -> None:
    while psutil.pid_exists(owner) and psutil.Process(owner).status() != psutil.STATUS_ZOMBIE:
        time.sleep(_WATCH_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main() -> None:
    """Serve in the folder, and until the end of the process, that the command line names."""
    from trainer.flower.handlers import MEMORY, answer

    serve(Path(sys.argv[1]), int(sys.argv[2]), answer, Recollection(MEMORY))

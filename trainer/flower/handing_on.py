"""How the process of one message finds the process that stays (:mod:`trainer.flower.resident`), or starts it."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Client, Connection
from pathlib import Path

from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from trainer.flower.resident import SOCKET, Answered, Asked, serve
from trainer.flower.resident_folder import folder_of, remove_stale

_PROGRAM = "flwr-clientapp"
_START_SECONDS = 120.0
_ROOT = Path(__file__).resolve().parents[2]


def is_short_lived() -> bool:
    """Whether this process answers one message and ends, as a SuperNode's do; a simulation's last."""
    return Path(sys.argv[0]).name == _PROGRAM


def hand_on(message: Message, context: Context, owner: int | None = None) -> RecordDict:
    """Let the process that stays answer; the context's state is what it is afterwards.

    Args:
        message: the server's.
        context: Flower's.
        owner: the process with which that one ends; None for the one that has started this one.

    Raises:
        RuntimeError: it does not start, ends, or breaks; carries its words.
    """
    identity = TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id
    with _connected(os.getppid() if owner is None else owner) as connection:
        connection.send(Asked(message, context, identity))
        try:
            answered: Answered = connection.recv()
        except EOFError:
            raise RuntimeError("the SuperNode's resident process has ended") from None
    if answered.failure:
        raise RuntimeError(answered.failure)
    context.state = answered.state
    return answered.content


@contextmanager
def _connected(owner: int) -> Iterator[Connection]:
    folder = folder_of(owner)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = _connect(folder) or _start(folder, owner)
    with connection:
        yield connection


def _connect(folder: Path) -> Connection | None:
    try:
        return Client(str(folder / SOCKET), "AF_UNIX")
    except (FileNotFoundError, ConnectionRefusedError):
        return None


def _start(folder: Path, owner: int) -> Connection:
    remove_stale()
    # Not by -m: what is handed on is pickled by the module's name, which must not be __main__.
    command = [sys.executable, "-c", f"from {serve.__module__} import main; main()", str(folder), str(owner)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=_ROOT)
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if (connection := _connect(folder)) is not None:
            return connection
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the SuperNode's resident process does not start: exit code {process.wait()}")

"""One Renode for all boards of this program: the first board starts it, later ones are added, the last one ends it.

So a fleet whose boards are started one by one, each from a thread of its own, still is one process. It is started from
a thread that lives as long as it does, because on Linux a child dies with the thread that started it.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from device_sim.emulators.board import EmulatedBoard
from device_sim.emulators.child import Child
from device_sim.emulators.renode.install import Renode, find_renode
from device_sim.emulators.renode.monitor import Monitor
from device_sim.emulators.renode.session import boot, emulated_board, free_ports, launch, prepare
from firmware_gen.boards import Board
from host_bridge.errors import UserError


@dataclass
class _Host:
    """A running Renode, and how many boards are on it."""

    renode: Renode
    folder: Path
    child: Child
    monitor: Monitor
    keeper: threading.Thread
    until: threading.Event
    boards: int = 0
    numbers: int = 0

    def is_alive(self) -> bool:
        return self.child.process.poll() is None


@dataclass
class _Shared:
    """The host, if there is one; whoever changes it holds the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    host: _Host | None = None


_SHARED = _Shared()


@contextlib.contextmanager
def start(elf: Path, board: Board, port: int = 0) -> Iterator[EmulatedBoard]:
    """Boot ``elf`` beside the boards that run already; it runs until the block ends.

    Args:
        elf: the firmware.
        board: must have a Renode platform.
        port: TCP port of 127.0.0.1 for the UART; 0 takes a free one.

    Raises:
        UserError: Renode, the ELF or a file of the platform is missing, the port is in use, Renode ends or complains.
    """
    if not elf.is_file():
        raise UserError(f"no firmware at {elf}; build it first")
    free_ports([port])  # a clear error where it is in use, before anything is started
    with _SHARED.lock:
        host = _host()
        try:
            name, emulated = _add(host, elf, board, port)
        except BaseException:
            _let_go(host, None)
            raise
    try:
        yield emulated
    finally:
        with _SHARED.lock:
            _let_go(host, name)


def _host() -> _Host:
    """The host, with one board more to come; a new one if there is none, or it has died."""
    if _SHARED.host is None or not _SHARED.host.is_alive():
        _SHARED.host = _start_host()
    _SHARED.host.boards += 1
    return _SHARED.host


def _add(host: _Host, elf: Path, board: Board, port: int) -> tuple[str, EmulatedBoard]:
    host.numbers += 1
    folder = host.folder / str(host.numbers)
    folder.mkdir()
    prepared = prepare(folder, [elf], board, [port], first_number=host.numbers)
    boot(host.monitor, folder, prepared)
    return prepared[0].machine.name, emulated_board(host.renode, board, prepared[0], host.child)


def _let_go(host: _Host, name: str | None) -> None:
    """Take a board off; the last one switches the lights off."""
    host.boards -= 1
    if host.boards == 0 or not host.is_alive():
        if _SHARED.host is host:
            _SHARED.host = None
        host.until.set()
        host.keeper.join()
    elif name:
        with contextlib.suppress(UserError):  # a board that cannot be taken off goes on idling until the last one goes
            host.monitor.execute(f'mach rem "{name}"')


def _start_host() -> _Host:
    """Start Renode from a thread that keeps it."""
    renode = find_renode()
    started: list[_Host | BaseException] = []
    ready, until = threading.Event(), threading.Event()

    def keep() -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="fp-renode-", ignore_cleanup_errors=True) as folder:
                (port,) = free_ports([0])
                with launch(renode, Path(folder), port) as child, Monitor(port, child.check) as monitor:
                    started.append(_Host(renode, Path(folder), child, monitor, keeper, until))
                    ready.set()
                    until.wait()
        except BaseException as error:
            started.append(error)  # raised where it was asked for
            ready.set()

    keeper = threading.Thread(target=keep, name="renode", daemon=True)
    keeper.start()
    ready.wait()
    if isinstance(started[0], BaseException):
        raise started[0]
    return started[0]

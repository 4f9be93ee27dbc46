"""No emulator: the firmware compiled for this computer, as a process that serves its UART on TCP."""

import os
import platform
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device_sim.emulators.board import EmulatedBoard
from device_sim.emulators.child import Child
from device_sim.emulators.listen import HOST, listening_socket
from firmware_gen.boards import Board
from host_bridge.errors import UserError

START_SECONDS = 10.0
GREETING = b"listening "


def obstacle(board: Board) -> str | None:  # noqa: ARG001 - every board can be built for the host
    """Nothing keeps a native build from running; the build itself asks for a compiler."""
    return None


@contextmanager
def start(elf: Path, board: Board, port: int = 0) -> Iterator[EmulatedBoard]:
    """Run the natively built firmware until the block ends.

    Args:
        elf: the program.
        board: named in reports.
        port: TCP port of 127.0.0.1; 0 takes a free one.

    Raises:
        UserError: the program is missing, dies at once, or does not say within a deadline that it listens.
    """
    if not elf.is_file():
        raise UserError(f"no firmware at {elf}; build it first")
    if port:
        listening_socket(port).close()  # a clear error where it is in use
    with Child("the native firmware", [str(elf.resolve()), str(port)], with_pipes=True) as child:
        number = _port_it_listens_at(child, time.monotonic() + START_SECONDS)
        yield EmulatedBoard(
            name="native",
            version=platform.machine(),
            machine=f"{board.name} compiled for {platform.system()}",
            url=f"socket://{HOST}:{number}",
            tick_hz=None,
            check=child.check,
        )


def _port_it_listens_at(child: Child, deadline: float) -> int:
    """Read the line ``listening PORT``."""
    stdout = child.process.stdout
    assert stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        ready, _, _ = select.select([stdout], [], [], max(left, 0.0))
        piece = os.read(stdout.fileno(), 256) if ready else b""
        if ready and not piece:
            child.process.wait()
            child.check()
        if not ready:
            raise UserError(f"the native firmware did not start to listen within {START_SECONDS:g} s; rebuild it")
        line += piece
    number = line.removeprefix(GREETING).strip()
    if not line.startswith(GREETING) or not number.isdigit():
        raise UserError(f"the native firmware greets with {line[:60]!r}; rebuild it with this version of the project")
    return int(number)

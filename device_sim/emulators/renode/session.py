"""Starting Renode with one board or many, and ending it with everything it started."""

import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from device_sim.emulators.board import EmulatedBoard
from device_sim.emulators.child import Child
from device_sim.emulators.listen import HOST, listening_socket
from device_sim.emulators.renode.contents import write_contents
from device_sim.emulators.renode.install import Renode, find_renode
from device_sim.emulators.renode.loopback import loopback_environment
from device_sim.emulators.renode.meter import Meter, meter_hook
from device_sim.emulators.renode.monitor import Monitor
from device_sim.emulators.renode.scripts import Machine, render_repl, render_resc
from firmware_gen.boards import Board
from host_bridge.atomic import write_whole
from host_bridge.errors import UserError

END_SECONDS = 20.0


@dataclass(frozen=True)
class Prepared:
    """A board ready to be started: its machine in the script, and what counts its instructions."""

    machine: Machine
    meter: Meter


@contextmanager
def start_metered(elf: Path, board: Board, port: int = 0, metrics: Path | None = None) -> Iterator[EmulatedBoard]:
    """Boot ``elf`` in a process of its own; the board runs until the block ends.

    Args:
        elf: the firmware.
        board: must have a Renode platform.
        port: TCP port of 127.0.0.1 for the UART; 0 takes a free one.
        metrics: this file gets Renode's execution metrics when the block ends; None: none are taken.

    Raises:
        UserError: Renode, the ELF or a file of the platform is missing, the port is in use, Renode ends or complains.
    """
    with start_many([elf], board, [port], metrics) as boards:
        yield boards[0]


@contextmanager
def start_many(
    elves: Sequence[Path], board: Board, ports: Sequence[int] | None = None, metrics: Path | None = None
) -> Iterator[tuple[EmulatedBoard, ...]]:
    """Boot a board for every ELF, all in one process; they run until the block ends.

    Args:
        elves: the firmwares; the same may stand there several times.
        board: what they were built for.
        ports: TCP ports of 127.0.0.1 for the UARTs, 0 for a free one; None: all free.
        metrics: as for :func:`start_metered`, of the first board.

    Raises:
        UserError: as for :func:`start_metered`.
    """
    renode = find_renode()
    with tempfile.TemporaryDirectory(prefix="fp-renode-") as name:
        folder = Path(name)
        own_metrics = folder / "metrics" if metrics else None
        prepared = prepare(folder, elves, board, ports or [0] * len(elves), metrics=own_metrics)
        (monitor_port,) = free_ports([0])
        with launch(renode, folder, monitor_port) as child, Monitor(monitor_port, child.check) as monitor:
            boot(monitor, folder, prepared)
            yield tuple(emulated_board(renode, board, one, child) for one in prepared)
            if own_metrics and metrics:
                _keep_metrics(monitor, child, own_metrics, metrics)


def prepare(
    folder: Path,
    elves: Sequence[Path],
    board: Board,
    ports: Sequence[int],
    *,
    metrics: Path | None = None,
    first_number: int = 0,
) -> list[Prepared]:
    """Copy the firmwares to paths that scripts can name, and describe each board's machine.

    Args:
        folder: for the copies, the platform description and the notes of instructions.
        elves: the firmwares.
        board: what they were built for.
        ports: as for :func:`start_many`.
        metrics: the first board's execution metrics go here; None: none are taken.
        first_number: machines are called by numbers from this one on.

    Raises:
        UserError: a firmware is missing, the board has no platform, or a port is in use.
    """
    platform = board.emulators.renode
    if platform is None:
        raise UserError(f"board {board.name} has no [emulators.renode] section; choose another board or emulator")
    repl = folder / "board.repl"
    repl.write_text(render_repl(board), encoding="ascii", errors="replace")
    prepared = []
    for number, (elf, port) in enumerate(zip(elves, free_ports(ports), strict=True), start=first_number):
        if not elf.is_file():
            raise UserError(f"no firmware at {elf}; build it first")
        meter = Meter(folder / f"board{number}.instructions")
        hook = meter_hook(elf, meter)  # refuses what is no firmware
        copy = folder / f"board{number}.elf"
        write_contents(elf, copy)
        machine = Machine(
            name=f"board{number}",
            repl=repl,
            elf=copy,
            uart=platform.uart,
            port=port,
            vectors=board.flash[0].origin,
            mips=board.core.clock_hz // 1_000_000,
            metrics=metrics if number == first_number else None,
            hooks=(hook,),
        )
        prepared.append(Prepared(machine, meter))
    return prepared


@contextmanager
def launch(renode: Renode, folder: Path, monitor_port: int) -> Iterator[Child]:
    """Renode without windows and colours, with a configuration of its own in ``folder``; ends with the block.

    Raises:
        UserError: there is no compiler for the library that keeps it on loopback, or no room for a process.
    """
    options = [renode.headless, "--plain", "--config", str(folder / "renode.config"), "--port", str(monitor_port)]
    environment = loopback_environment(folder)
    with Child("Renode", [renode.program, *options], environment=environment, with_offspring=True) as child:
        yield child


def boot(monitor: Monitor, folder: Path, prepared: Sequence[Prepared]) -> None:
    """Make the machines, load and start them, by a script in ``folder``.

    Raises:
        UserError: Renode complains, ends, or does not get to the script's end.
    """
    script = folder / "boards.resc"
    script.write_text(render_resc([one.machine for one in prepared]), encoding="ascii")
    monitor.execute(f"include @{script}")
    last = prepared[-1].machine.name
    if monitor.prompt != last:
        raise UserError(
            f"Renode read its script but stands at '{monitor.prompt}', not at '{last}'; is its version supported?"
        )


def emulated_board(renode: Renode, board: Board, prepared: Prepared, child: Child) -> EmulatedBoard:
    """What users of a started board get."""
    platform = board.emulators.renode
    assert platform is not None
    return EmulatedBoard(
        name="renode",
        version=renode.version,
        machine=platform.platform,
        url=f"socket://{HOST}:{prepared.machine.port}",
        tick_hz=None,
        check=child.check,
        latest_run=prepared.meter.latest_run,
    )


def _keep_metrics(monitor: Monitor, child: Child, written: Path, metrics: Path) -> None:
    """Renode writes the last of its metrics when it ends in order."""
    monitor.quit()
    child.wait(END_SECONDS)
    try:
        content = written.read_bytes()
    except OSError as error:
        raise UserError(f"Renode left no metrics: {error.strerror}") from error
    write_whole(metrics, content)


def free_ports(ports: Sequence[int]) -> list[int]:
    """Each port, or a free one for 0. All are tried at once, so that they differ; Renode must bind them itself."""
    servers: list[socket.socket] = []
    try:
        for port in ports:
            servers.append(listening_socket(port))
        return [int(server.getsockname()[1]) for server in servers]
    finally:
        for server in servers:
            server.close()

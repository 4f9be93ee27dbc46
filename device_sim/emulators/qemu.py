"""QEMU: headless, one instruction per emulated nanosecond, the UART on a TCP socket.

This process makes the listening socket and hands it to QEMU, so the port is known, and ours, before QEMU starts, and a
connection made too early waits in the socket's queue.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from device_sim.emulators.board import EmulatedBoard
from device_sim.emulators.child import Child
from device_sim.emulators.listen import HOST, listening_socket
from firmware_gen.boards import Board, QemuMachine
from firmware_gen.ram_map.regions import linked_regions
from host_bridge.errors import UserError

PROGRAM = "qemu-system-arm"
PACKAGE_HINT = "install the package qemu-system-arm (Debian, Ubuntu) or QEMU from https://www.qemu.org"


def obstacle(board: Board) -> str | None:
    """Why QEMU cannot run this board here, and what to do; None if it can."""
    if board.emulators.qemu is None:
        return f"board {board.name} has no [emulators.qemu] section; choose another board or emulator"
    program = shutil.which(PROGRAM)
    if program is None:
        return f"{PROGRAM} is not installed; {PACKAGE_HINT}"
    machine = board.emulators.qemu
    if machine.before is not None and machine.is_another_board(version := _version(program)):
        return f"QEMU {version} has other memory than board {board.name}; choose board {machine.instead}"
    return None


@contextmanager
def start(elf: Path, board: Board, port: int = 0) -> Iterator[EmulatedBoard]:
    """Boot ``elf``; the board runs until the block ends.

    Args:
        elf: the firmware.
        board: must have a QEMU machine (see :func:`obstacle`).
        port: TCP port of 127.0.0.1 for the UART; 0 takes a free one.

    Raises:
        UserError: QEMU or the ELF is missing, or the port is in use.
    """
    machine = board.emulators.qemu
    if (reason := obstacle(board)) is not None or machine is None:
        raise UserError(reason or f"board {board.name} has no QEMU machine")
    if not elf.is_file():
        raise UserError(f"no firmware at {elf}; build it first")
    program = shutil.which(PROGRAM) or PROGRAM
    version = _version(program)
    _check_memory(elf, board, machine, version)
    with listening_socket(port) as server:
        number = server.getsockname()[1]
        child = Child("QEMU", [program, *_options(elf, machine, server.fileno())], pass_fds=[server.fileno()])
    with child:
        yield EmulatedBoard(
            name="qemu",
            version=version,
            machine=machine.machine,
            url=f"socket://{HOST}:{number}",
            tick_hz=machine.tick_hz,
            check=child.check,
        )


def _check_memory(elf: Path, board: Board, machine: QemuMachine, version: str) -> None:
    """Refuse a firmware that uses memory which this QEMU does not emulate: it would fault at its first access."""
    if missing := machine.missing(version):
        used = [
            region.name for region in linked_regions(elf, board) if region.used_bytes > 0 and region.name in missing
        ]
        if used:
            raise UserError(
                f"the firmware uses {used[0]}, which {machine.machine} has from QEMU {machine.lacks[used[0]]} on, and "
                f"this is {version}; use a newer QEMU, another emulator, or a board with its RAM in one piece"
            )


def _options(elf: Path, machine: QemuMachine, server_fd: int) -> list[str]:
    unused = ["-serial", "null"] * machine.serial_index
    return [
        *("-machine", machine.machine),
        *(("-cpu", machine.cpu) if machine.cpu else ()),
        *("-nodefaults", "-display", "none", "-monitor", "none"),
        *("-icount", "shift=0"),
        *("-chardev", f"socket,id=uart,fd={server_fd},server=on,wait=off"),
        *unused,
        *("-serial", "chardev:uart"),
        *("-kernel", str(elf)),
    ]


@cache
def _version(program: str) -> str:
    try:
        result = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{PROGRAM} --version does not answer ({type(error).__name__}); {PACKAGE_HINT}") from error
    found = re.search(r"version (\S+)", result.stdout)
    return found.group(1) if found else "unknown"

"""Builds ``port_probe.c`` for a board or for the host, and talks to it: a firmware without a model."""

import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from firmware_gen.board_drivers import PORT_FOLDER
from firmware_gen.board_render import Target, compile_flags, port_sources, render_board_files
from firmware_gen.boards import Board
from host_bridge.c_header import render_messages_header

RUNTIME_HEADERS = PORT_FOLDER.parent / "runtime" / "include"
PROBE = Path(__file__).with_name("port_probe.c")
WARNINGS = [
    *("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Wdouble-promotion"),
    *("-Wmissing-prototypes", "-Werror", "-ffunction-sections", "-fdata-sections"),
]
NATIVE_FLAGS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def require(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def build_probe(
    board: Board, folder: Path, target: Target = "board", optimise: str = "-O2", application: Path = PROBE
) -> Path:
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name, text in render_board_files(board).items():
        (folder / name).write_text(text)
    (folder / "src" / "fp_messages.h").write_text(render_messages_header())
    elf = folder / "probe.elf"
    includes = [f"-I{path}" for path in (folder / "src", PORT_FOLDER, RUNTIME_HEADERS)]
    sources = [str(path) for path in (*port_sources(board, target), application)]
    common = [*WARNINGS, optimise, *includes, *sources, "-o", str(elf)]
    if target == "native":
        require("gcc")
        command = ["gcc", *NATIVE_FLAGS, *common]
    else:
        require("arm-none-eabi-gcc")
        link = ["-nostartfiles", "--specs=nano.specs", "-T", str(folder / "linker.ld"), "-Wl,--gc-sections"]
        command = ["arm-none-eabi-gcc", *compile_flags(board), *common, *link, "-Wl,--fatal-warnings"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return elf


class Probe:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, letter: str, number: int, data: bytes = b"") -> None:
        self.connection.sendall(struct.pack("<cI", letter.encode(), number) + data)

    def receive(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            piece = self.connection.recv(length - len(received))
            assert piece, "the board closed the connection"
            received += piece
        return received

    def ask(self, letter: str, number: int, replies: int = 2) -> tuple[int, ...]:
        self.send(letter, number)
        return struct.unpack(f"<{replies}Q", self.receive(8 * replies))


@contextmanager
def open_probe(url: str) -> Iterator[Probe]:
    """Connect; a board drops what arrives before its UART is on, so knock until it answers."""
    host, port = url.removeprefix("socket://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        knock(connection)
        connection.settimeout(60)
        yield Probe(connection)


def knock(connection: socket.socket) -> None:
    """Until the board answers, after it was switched on or has reset itself."""
    timeout = connection.gettimeout()
    connection.settimeout(0.2)
    for _ in range(50):
        connection.sendall(b"\0")
        with suppress(TimeoutError):
            assert connection.recv(1) == b"\0", "the board closed the connection"
            break
    else:
        raise AssertionError("the probe does not answer")
    with suppress(TimeoutError):
        while connection.recv(16):  # answers to earlier knocks
            pass
    connection.settimeout(timeout)

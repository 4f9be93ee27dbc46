"""Stands in for Renode where there is none: its monitor as it behaves on the line, over QEMU for what boards compute.

Started by a shell script that does not become it, as Renode is by its own. ``FAKE_RENODE`` names a way to fail.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from renode_syntax import PLATFORMS, Command, SyntaxMistakeError, check_names, parse_repl, parse_resc

MODE = os.environ.get("FAKE_RENODE", "")
VERSION = os.environ.get("FAKE_RENODE_VERSION", "1.13.3")
SERVER_NEGOTIATION = bytes.fromhex("fffd00 fffb01 fffb03 fffc22")
SWALLOWED = 9
HEADLESS = "--disable-xwt" if VERSION == "1.13.3" else "--disable-gui"
E04 = (
    "There was an error executing command 'machine LoadPlatformDescription @/x/board.repl'\r\n"
    "\tError E04: Could not resolve type: 'Miscellaneous.DWT'.\r\n\tAt /x/board.repl:14:6:\r\n"
)


class Board:
    """A machine: its terminal's socket, and QEMU once it is started."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.server = listen(port)
        self.elf = ""
        self.metrics = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["-nodefaults", "-display", "none", "-monitor", "none", "-icount", "shift=0", "-serial", "null"]
        uart = f"socket,id=uart,fd={self.server.fileno()},server=on,wait=off"
        command = ["qemu-system-arm", "-machine", "netduinoplus2", *options, "-chardev", uart]
        command += ["-serial", "chardev:uart", "-kernel", self.elf]
        self.process = subprocess.Popen(command, pass_fds=[self.server.fileno()], stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def listen(port: int) -> socket.socket:
    """On every interface, as Renode does."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", port))
    server.listen(1)
    return server


class Fake:
    """The monitor's conversation."""

    def __init__(self, connection: socket.socket | None) -> None:
        self.connection = connection
        self.prompt = "monitor"
        self.boards: list[Board] = []

    def say(self, text: str) -> None:
        assert self.connection
        self.connection.sendall(text.encode())

    def serve(self) -> None:
        assert self.connection
        self.connection.sendall(SERVER_NEGOTIATION)
        if VERSION == "1.13.3" and len(self.connection.recv(SWALLOWED, socket.MSG_WAITALL)) < SWALLOWED:
            return
        if MODE == "mute":
            time.sleep(600)
        self.say("Renode, version 1.13.3.0 (00000000-000000000000)\r\n\r\n")
        line = ""
        while True:
            self.say(f"\x1b[33m({self.prompt}) \x1b[0m")
            while not line.endswith("\n"):
                piece = self.connection.recv(1)
                if not piece:
                    return
                if piece == b"\xff":  # later versions read telnet's commands of three bytes
                    self.connection.recv(2, socket.MSG_WAITALL)
                    continue
                line += piece.decode()
                self.say("\x1b[0K" + piece.decode().replace("\n", "\r\n"))
            if line.strip() == "quit":
                self.leave()
            self.say(self.answer(line.strip()))
            line = ""

    def answer(self, line: str) -> str:
        if line.startswith("include @"):
            return self.include(Path(line.removeprefix("include @")))
        if line == "sysbus.cpu ExecutedInstructions":
            return "0x0000000000012345\r\n"
        if removed := re.fullmatch(r'mach rem "(\w+)"', line):
            return self.remove(removed.group(1))
        if line == "sysbus.cpu PC":
            return "nothing\r\n"
        return f"No such command or device: {line.split(maxsplit=1)[0]}\r\n"

    def remove(self, name: str) -> str:
        for board in self.boards:
            if board.name == name:
                board.stop()
                self.prompt = "monitor" if self.prompt == name else self.prompt
                return ""
        return f"Machine {name} not found.\r\n"

    def include(self, script: Path) -> str:
        if MODE == "hangs":
            time.sleep(600)
        if MODE == "dies in the script":
            print("[ERROR] cpu: CPU abort [PC=0x0]: Trying to execute code outside RAM", file=sys.stderr, flush=True)
            os._exit(70)
        try:
            commands = parse_resc(script.read_text())
            for command in commands:
                self.run(command)
        except SyntaxMistakeError as mistake:
            return f"There was an error executing command 'include'\r\n\t{mistake}\r\n"
        if MODE == "complains":
            return E04
        return "Starting emulation...\r\n"

    def run(self, command: Command) -> None:
        kind, values = command.kind, command.values
        if kind == "create":
            self.prompt = values["name"]
        elif kind == "platform":
            platform = parse_repl(Path(values["path"][1:]).read_text())
            if MODE == "no platform" or platform.base not in PLATFORMS["1.13.3"]:
                raise SyntaxMistakeError(f"Error E36: Using '{platform.base}' could not be resolved.")
            check_names(platform, "1.13.3")
        elif kind == "terminal":
            self.boards.append(Board(self.prompt, int(values["port"])))
        elif kind == "hook":
            notes = re.search(r"open\('([^']+)'", values["code"])
            assert notes
            Path(notes.group(1)).write_text("1000 41000 ")
        elif kind == "profiler":
            self.boards[-1].metrics = "metrics"
        elif kind == "elf":
            self.boards[-1].elf = values["path"][1:]
        elif kind == "start":
            for board in self.boards:
                if board.process is None:
                    board.start()

    def leave(self) -> None:
        for board in self.boards:
            if board.metrics:
                (Path(board.elf).parent / board.metrics).write_bytes(b"metrics of a run")
        os._exit(0)


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        print(f"Renode v{VERSION}.41321\n  build: 0000\n  build type: Release\n  runtime: Mono 6.12")
        return
    options = sys.argv[1:]
    if options[0] != HEADLESS or "--plain" not in options:
        print(f"usage: no such option: {options[0]}", file=sys.stderr)
        raise SystemExit(1)
    if MODE == "dies":
        print("Fatal error:\nSystem.DllNotFoundException: libnothing\n  at Antmicro.Renode.Main ()", file=sys.stderr)
        raise SystemExit(3)
    if MODE == "slow":
        time.sleep(2)
    server = listen(int(options[options.index("--port") + 1]))
    connection, _ = server.accept()
    Fake(connection).serve()
    time.sleep(600)  # Renode stays when a monitor hangs up


if __name__ == "__main__":
    main()

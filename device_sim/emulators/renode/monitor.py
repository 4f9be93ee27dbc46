"""Renode's monitor over TCP: a telnet line on which commands are typed and prompts awaited.

The prompt is the current machine's name in parentheses and a space, ``(monitor)`` before there is one. What is typed is
echoed, with terminal escape sequences in between. The monitor swallows the first nine bytes that a client sends, taking
them for telnet's negotiation; so three options are sent first.
"""

import re
import socket
import time
from collections.abc import Callable

from host_bridge.errors import UserError

HOST = "127.0.0.1"
NEGOTIATION = bytes.fromhex("fffd01 fffd03 fffb00")
CONNECT_SECONDS = 60.0
COMMAND_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_SILENT_LOOKS = 5
_TELNET = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[@-Z\\^_78=>]")
_PROMPT = re.compile(r"(?:^|[\r\n])\(([\w.-]+)\) ?$")
# How the monitor begins what it has to complain about.
_COMPLAINTS = (
    "There was an error",
    "No such command or device",
    "No such variable",
    "Could not tokenize",
    "Could not find",
    "No such file",
    "Bad parameters for command",
    "Parameters did not match",
    "does not provide a field, method or property",
    "Failed to download",
    "Errors during compilation",
    "Error E",
)
_MESSAGE_CHARACTERS = 400


class Monitor:
    """An open monitor; a context manager that hangs up.

    Args:
        port: TCP port on loopback.
        check: raises the reason if Renode has ended.
        connect_seconds: until the first prompt.

    Attributes:
        prompt: name in the latest prompt.

    Raises:
        UserError: Renode has ended, or shows no prompt in time.
    """

    def __init__(self, port: int, check: Callable[[], None], connect_seconds: float = CONNECT_SECONDS) -> None:
        self._check = check
        self.prompt = ""
        deadline = time.monotonic() + connect_seconds
        self._socket = self._connect(port, deadline, connect_seconds)
        try:
            self._socket.sendall(NEGOTIATION)
            self._read_to_prompt(deadline, f"showed no prompt within {connect_seconds:g} s")
            while self._receive(""):  # a greeting may come in pieces, with a prompt behind each
                pass
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def execute(self, command: str, seconds: float = COMMAND_SECONDS) -> str:
        """Type a command; returns what it prints.

        Raises:
            UserError: the monitor complains, Renode ends, or the prompt does not come back in time.
        """
        deadline = time.monotonic() + seconds
        try:
            self._socket.sendall(command.encode() + b"\n")
        except OSError:
            self._hung_up(command)
        text = self._read_to_prompt(deadline, f"did not finish '{command}' within {seconds:g} s", echo=command)
        output = _without_echo(text, command)
        if (complaint := _complaint(output)) is not None:
            raise UserError(f"Renode refuses '{command}': {complaint}")
        return output

    def number(self, command: str) -> int:
        """The result of a command that prints one number, in hexadecimal as ``0x1F`` or in decimal.

        Raises:
            UserError: as :meth:`execute`, or the answer is no number.
        """
        output = self.execute(command)
        try:
            return int(output, 0)
        except ValueError:
            raise UserError(f"Renode answers '{command}' with '{output[:60]}', which is no number") from None

    def quit(self) -> None:
        """Ask Renode to end; it writes out its files. Does not wait, and does not mind if it has ended."""
        try:
            self._socket.sendall(b"quit\n")
        except OSError:
            return

    def _connect(self, port: int, deadline: float, seconds: float) -> socket.socket:
        while True:
            self._check()
            try:
                return socket.create_connection((HOST, port), timeout=_LOOK_SECONDS)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise UserError(f"Renode's monitor did not listen at port {port} within {seconds:g} s") from error
            time.sleep(_LOOK_SECONDS)

    def _read_to_prompt(self, deadline: float, complaint: str, echo: str = "") -> str:
        """Text up to the next prompt: one on a line behind the echo, or after which nothing comes for a while."""
        received, silent_looks = b"", 0
        while True:
            piece = self._receive(echo)
            silent_looks = 0 if piece else silent_looks + 1
            received += piece
            text = _plain(received)
            found = _PROMPT.search(text)
            if found and (not echo or "\n" in text or silent_looks >= _SILENT_LOOKS):
                self.prompt = found.group(1)
                return text[: found.start()]
            if not piece and time.monotonic() > deadline:
                raise UserError(f"Renode {complaint}: {_shortened(text) or 'it said nothing'}")

    def _receive(self, during: str) -> bytes:
        """What has come; nothing after a short while."""
        try:
            piece = self._socket.recv(4096)
        except TimeoutError:
            self._check()
            return b""
        except OSError:
            piece = b""
        if not piece:
            self._hung_up(during)
        return piece

    def _hung_up(self, command: str) -> None:
        """Renode closes the line when it dies, a moment before its process is gone."""
        for _ in range(10):
            self._check()
            time.sleep(_LOOK_SECONDS)
        raise UserError(f"Renode closed its monitor{f' during {command!r}' if command else ''}; start it again")


def _plain(received: bytes) -> str:
    """Without telnet's and the terminal's own sequences."""
    return _ESCAPES.sub("", _TELNET.sub(b"", received).decode(errors="replace"))


def _without_echo(text: str, command: str) -> str:
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    return "\n".join(line for line in lines if line and line != command)


def _complaint(output: str) -> str | None:
    """The monitor's own message, on one line."""
    starts = [at for mark in _COMPLAINTS if (at := output.find(mark)) >= 0]
    return _shortened(output[min(starts) :]) if starts else None


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MESSAGE_CHARACTERS else line[:_MESSAGE_CHARACTERS] + "…"

"""A serial server: hosts keep their connection while the board behind it is reset."""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board

_LOOK_SECONDS = 0.02
_CHUNK = 4096


class SerialServer(threading.Thread):
    """A native board behind a TCP port that outlives it; a context manager.

    Attributes:
        url: where hosts connect.
        resets: how often the board was reset.
        reset_after: bytes from hosts before it is reset once more; None for never.
        received: bytes from hosts.
    """

    def __init__(self, elf: Path) -> None:
        super().__init__(daemon=True)
        self._elf = elf
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._ending, self._resetting, self._up = threading.Event(), threading.Event(), threading.Event()
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self.resets = 0
        self.reset_after: int | None = None
        self.received = 0

    def __enter__(self) -> "SerialServer":
        self.start()
        assert self._up.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join()
        self._server.close()

    def reset(self) -> None:
        """Reset the board, and wait until it runs again; what was on the line is lost."""
        self._up.clear()
        self._resetting.set()
        assert self._up.wait(20)

    def run(self) -> None:
        """Start boards, one after the other; they live as long as this thread."""
        while not self._ending.is_set():
            with ExitStack() as stack:
                board = stack.enter_context(start_emulator("native", self._elf, load_board("stm32f4_qemu")))
                host, port = board.url.removeprefix("socket://").split(":")
                target = stack.enter_context(socket.create_connection((host, int(port))))
                self._resetting.clear()
                self._up.set()
                self._pump(target)
            self.resets += self._resetting.is_set()
        if self._client is not None:
            self._client.close()

    def _pump(self, target: socket.socket) -> None:
        while not (self._ending.is_set() or self._resetting.is_set()):
            ends = [self._server, target, *([self._client] if self._client else [])]
            ready, _, _ = select.select(ends, [], [], _LOOK_SECONDS)
            if self._server in ready and self._client is None:
                self._client, _ = self._server.accept()
            if target in ready and self._client is not None:
                self._pass_on(target, self._client.sendall)
            if self._client is not None and self._client in ready and not self._pass_on(self._client, self._to(target)):
                self._client.close()
                self._client = None

    def _to(self, target: socket.socket) -> Callable[[bytes], None]:
        """Sends on what a host sends, as far as the byte at which the board is reset."""

        def send(data: bytes) -> None:
            left = None if self.reset_after is None else self.reset_after - self.received
            self.received += len(data)
            if left is not None and left <= len(data):
                self.reset_after = None
                self._resetting.set()
                data = data[:left]
            target.sendall(data)

        return send

    @staticmethod
    def _pass_on(source: socket.socket, send: Callable[[bytes], None]) -> bool:
        """Whether ``source`` is still there."""
        try:
            received = source.recv(_CHUNK)
            send(received)
        except OSError:
            return False
        return bool(received)

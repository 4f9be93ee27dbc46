"""A board behind a TCP port of this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def serve(answer: Callable[[bytes], bytes], delay: float = 0.0) -> Iterator[str]:
    """Yield a serial URL whose bytes go through ``answer``; it listens ``delay`` seconds late."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.settimeout(0.05)
    stop = threading.Event()

    def run() -> None:
        if not stop.wait(delay):
            server.listen(1)
        while not stop.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(0.05)
                _pump(client, answer, stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        server.close()


def _pump(client: socket.socket, answer: Callable[[bytes], bytes], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            received = client.recv(4096)
            if not received:
                return
            client.sendall(answer(received))
        except TimeoutError:
            continue
        except OSError:
            return

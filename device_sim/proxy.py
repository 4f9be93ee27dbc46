"""A bad line on TCP, between a host and a board's serial URL; :mod:`device_sim.faults` says what it does to bytes."""

import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from device_sim.emulators.listen import HOST, listening_socket
from device_sim.faults import FaultRates, FaultyLine
from host_bridge.errors import LinkError
from host_bridge.transport import DEFAULT_BAUD, PortNotReadyError, Transport, open_transport

_LOOK_SECONDS = 0.05
_WRITE_SECONDS = 10.0
_OPEN_SECONDS = 10.0
_CHUNK = 4096


class FaultProxy:
    """One host at a time; each connection opens the board's port anew.

    Attributes:
        url: where hosts connect.
        faults: how often each fault happened, over all connections.
        connections: how many there were.
    """

    def __init__(self, server: socket.socket, target: str, rates: FaultRates, seed: int, baud: int) -> None:
        self.url = f"socket://{HOST}:{server.getsockname()[1]}"
        self.faults: Counter[str] = Counter()
        self.connections = 0
        self.cut_next_after: int | None = None
        self._server = server
        self._target = target
        self._rates = rates
        self._seed = seed
        self._baud = baud
        self._stop = threading.Event()
        self._broken = threading.Event()

    def cut(self) -> None:
        """Break the present connection, as if the plug were pulled."""
        self._broken.set()

    def serve(self) -> None:
        """Accept hosts, one after the other, until :meth:`stop`."""
        self._server.settimeout(_LOOK_SECONDS)
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with client:
                self._connect(client)

    def stop(self) -> None:
        """End :meth:`serve`."""
        self._stop.set()
        self._broken.set()

    def _connect(self, client: socket.socket) -> None:
        self._broken.clear()
        client.settimeout(_LOOK_SECONDS)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            target = self._open_target()
        except LinkError:
            return
        self.connections += 1
        cut_after, self.cut_next_after = self.cut_next_after, None
        there = FaultyLine(self._rates, f"{self._seed} there {self.connections}", cut_after)
        back = FaultyLine(self._rates, f"{self._seed} back {self.connections}")
        reader = threading.Thread(
            target=self._pump, args=(back, lambda: target.read(_LOOK_SECONDS), _sender(client)), daemon=True
        )
        reader.start()
        self._pump(there, lambda: _receive(client), lambda data: target.write(data, _WRITE_SECONDS))
        reader.join()
        target.close()
        self.faults += there.faults + back.faults

    def _open_target(self) -> Transport:
        """The board's port; an emulator may still be starting."""
        deadline = time.monotonic() + _OPEN_SECONDS
        while True:
            try:
                return open_transport(self._target, self._baud)
            except PortNotReadyError:
                if time.monotonic() >= deadline or self._stop.wait(_LOOK_SECONDS):
                    raise

    def _pump(self, line: FaultyLine, read: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
        """Move bytes one way until either side goes away or the line breaks."""
        try:
            while not self._broken.is_set():
                for piece in line.pass_on(read()):
                    if piece.pause:
                        self._broken.wait(piece.pause)
                    if piece.data:
                        write(piece.data)
                    if piece.cut:
                        return
        except (LinkError, OSError):
            return
        finally:
            self._broken.set()


@contextmanager
def fault_proxy(
    target: str, rates: FaultRates, seed: int = 0, port: int = 0, baud: int = DEFAULT_BAUD
) -> Iterator[FaultProxy]:
    """Put a bad line in front of a board until the block ends.

    Args:
        target: the board's serial URL.
        rates: the faults, in both directions.
        seed: of the faults; the same for the same bytes on the same connection.
        port: TCP port of 127.0.0.1; 0 takes a free one.
        baud: of a real serial port.

    Raises:
        UserError: the TCP port is in use.
    """
    with listening_socket(port) as server:
        proxy = FaultProxy(server, target, rates, seed, baud)
        thread = threading.Thread(target=proxy.serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stop()
            thread.join()


def serve_proxy(target: str, rates: FaultRates, seed: int, port: int, baud: int) -> None:
    """Print the proxy's URL, serve until Ctrl-C, then tell what it did to the line.

    Raises:
        UserError: the TCP port is in use.
    """
    with fault_proxy(target, rates, seed, port, baud) as proxy:
        print(proxy.url, flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    counts = ", ".join(f"{count} {name}" for name, count in sorted(proxy.faults.items())) or "no faults"
    print(f"{proxy.connections} connections; {counts}", file=sys.stderr)


def _receive(client: socket.socket) -> bytes:
    """What the host has sent; ``b""`` when that is nothing yet.

    Raises:
        ConnectionError: it has closed the connection.
    """
    with suppress(TimeoutError):
        received = client.recv(_CHUNK)
        if not received:
            raise ConnectionError
        return received
    return b""


def _sender(client: socket.socket) -> Callable[[bytes], None]:
    def send(data: bytes) -> None:
        deadline = time.monotonic() + _WRITE_SECONDS
        while data:
            try:
                data = data[client.send(data) :]
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise

    return send

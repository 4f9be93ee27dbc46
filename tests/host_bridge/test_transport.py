"""Ports of this machine: pseudo-terminals, loop://, and peers that do not read."""

import os
import pty
import socket
import threading
import time

import pytest

from host_bridge.errors import LinkError
from host_bridge.transport import PortClosedError, open_transport


def test_loop() -> None:
    port = open_transport("loop://")
    assert port.read(0.01) == b""
    port.write(bytes(1000), 5.0)
    received = b""
    while len(received) < 1000:
        received += port.read(1.0)
    assert received == bytes(1000)
    port.close()
    port.close()


def test_a_terminal_passes_every_byte_both_ways() -> None:
    every = bytes(range(256)) * 3
    master, slave = pty.openpty()
    try:
        port = open_transport(os.ttyname(slave))
        os.write(master, every)
        received = b""
        while len(received) < len(every):
            received += port.read(1.0)
        assert received == every
        port.write(every, 5.0)
        echoed = b""
        while len(echoed) < len(every):
            echoed += os.read(master, 4096)
        assert echoed == every
        port.close()
    finally:
        os.close(master)
        os.close(slave)


def test_a_peer_that_does_not_read_is_given_up_on() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        port = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(LinkError, match="takes no bytes"):
            port.write(bytes(16 << 20), 0.5)
        assert time.monotonic() - start < 30
        port.close()


def test_reading_waits_for_the_first_byte_and_no_longer() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        port = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        client, _ = server.accept()
        threading.Timer(0.2, client.sendall, [b"late"]).start()
        start = time.monotonic()
        assert port.read(30.0) == b"late"
        assert time.monotonic() - start < 20
        client.close()
        with pytest.raises(PortClosedError):
            port.read(5.0)
        port.close()

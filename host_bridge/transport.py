"""Bytes to and from a board: any URL that pyserial opens (a device file, ``socket://host:port``, ``loop://``)."""

import errno
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import urlsplit

import serial

from host_bridge.errors import LinkError

DEFAULT_BAUD = 115200
WRITE_CHUNK = 256
"""Bytes handed to the operating system at a time, so that a write never blocks for long."""
READ_CHUNK = 4096
POLL_SECONDS = 0.002
"""How often a port that cannot be waited for is looked at."""


class Transport(Protocol):
    """A byte stream in both directions."""

    url: str

    def read(self, timeout: float) -> bytes:
        """Bytes received so far; waits up to ``timeout`` seconds for the first one, then returns ``b""``.

        Raises:
            PortClosedError: the other end is gone.
        """
        ...

    def write(self, data: bytes, timeout: float) -> None:
        """Send all of ``data``.

        Raises:
            PortClosedError: the other end is gone.
            LinkError: it did not take all bytes within ``timeout`` seconds.
        """
        ...

    def close(self) -> None:
        """Give the port back; may be called again."""
        ...


class PortNotReadyError(LinkError):
    """Nobody listens there yet; worth another try while an emulator starts."""


class PortClosedError(LinkError):
    """The port was open and the other end went away."""


def open_transport(url: str, baud: int = DEFAULT_BAUD) -> Transport:
    """Open a serial URL.

    Raises:
        PortNotReadyError: a socket that refuses the connection.
        LinkError: anything else that keeps it from opening: no such device, in use, no permission, bad URL.
    """
    check_url(url)
    try:
        port = serial.serial_for_url(url, baudrate=baud, timeout=0, exclusive=True)
    except (serial.SerialException, ValueError, OSError) as error:
        raise _explain(url, error) from error
    return SerialTransport(url, port)


class SerialTransport:
    """:class:`Transport` over an open pyserial port."""

    def __init__(self, url: str, port: serial.SerialBase) -> None:
        self.url = url
        self._port = port
        self._waitable = _is_waitable(port)
        if self._waitable:
            port.write_timeout = 0  # write() then returns how many bytes were taken

    def read(self, timeout: float) -> bytes:
        """See :meth:`Transport.read`."""
        deadline = time.monotonic() + timeout
        while True:
            with self._port_errors():
                received = bytes(self._port.read(READ_CHUNK))
            left = deadline - time.monotonic()
            if received or left <= 0:
                return received
            self._wait(left, writing=False)

    def write(self, data: bytes, timeout: float) -> None:
        """See :meth:`Transport.write`."""
        deadline = time.monotonic() + timeout
        sent = 0
        while sent < len(data):
            if not self._wait(deadline - time.monotonic(), writing=True):
                raise LinkError(f"{self.url} takes no bytes; reset the board, or check flow control and cable")
            with self._port_errors():
                sent += self._port.write(data[sent : sent + WRITE_CHUNK])

    def close(self) -> None:
        """See :meth:`Transport.close`."""
        self._port.close()

    def _wait(self, seconds: float, *, writing: bool) -> bool:
        """Wait until the port is ready; returns whether it is (a port that cannot tell counts as ready to write)."""
        if not self._waitable:
            if not writing:
                time.sleep(min(seconds, POLL_SECONDS))
            return True
        ports = [self._port]
        readable, writable, _ = select.select([] if writing else ports, ports if writing else [], [], max(seconds, 0.0))
        return bool(readable or writable)

    @contextmanager
    def _port_errors(self) -> Iterator[None]:
        try:
            yield
        except (serial.SerialException, OSError) as error:
            raise PortClosedError(f"{self.url} closed ({error}); is the board or emulator still running?") from error


def _is_waitable(port: serial.SerialBase) -> bool:
    try:
        select.select([port], [], [], 0)
    except (OSError, ValueError, TypeError, AttributeError):
        return False
    return True


def check_url(url: str) -> None:
    """Refuse what pyserial would stumble over, without opening it.

    Raises:
        LinkError: a socket URL without a host, or without a port from 1 to 65535.
    """
    parts = urlsplit(url)
    if parts.scheme != "socket":
        return
    try:
        complete = bool(parts.hostname and parts.port)
    except ValueError:
        complete = False
    if not complete:
        raise LinkError(f"cannot open {url}: give a host and a port from 1 to 65535, as in socket://127.0.0.1:3456")


def _explain(url: str, error: Exception) -> LinkError:
    """The one line for a port that does not open."""
    cause = error.__context__
    if isinstance(cause, ConnectionRefusedError | TimeoutError):
        return PortNotReadyError(f"nothing listens at {url}; start the board or emulator, or correct --port")
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return LinkError(f"no such port: {url}; plug the board in, or correct --port")
    if number in (errno.EBUSY, errno.EAGAIN):
        return LinkError(f"{url} is in use; close the other program that holds it")
    if number in (errno.EACCES, errno.EPERM):
        return LinkError(f"no permission to open {url}; add your user to the group that owns it (often dialout)")
    return LinkError(f"cannot open {url}: {error}; --port takes a device file or socket://HOST:PORT")

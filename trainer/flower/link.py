"""The SuperLink, started when all that can be known before says that it will work."""

import errno
import os
import socket
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from host_bridge.errors import UserError
from trainer.flower.programs import program, surroundings
from trainer.flower.reach import trusting

_SQLITE = b"SQLite format 3\0"
_REMEDIES = {
    errno.EADDRINUSE: "another program listens there; end it, or give another --port",
    errno.EACCES: "this user may not open it; give a --port above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address; give one of its own, or --host 0.0.0.0 for all",
}


@dataclass(frozen=True)
class LinkOptions:
    """What a SuperLink is started with.

    Attributes:
        host: address of this machine to listen at; 0.0.0.0 for all of them.
        port: TCP port.
        database: file of its nodes, keys and runs; made if it is not there.
        authority: certificate that SuperNodes and users check the SuperLink's against.
        certificate: the SuperLink's, valid for its own machine too, for it starts programs that connect to it.
        key: the private key of that.
    """

    host: str
    port: int
    database: Path
    authority: Path
    certificate: Path
    key: Path


def run_link(options: LinkOptions) -> None:
    """Become a SuperLink that wants TLS and authenticated SuperNodes; this process ends as that one.

    Raises:
        UserError: the port, a file or a certificate is wrong.
    """
    check_link(options)
    command = [
        *(program("flower-superlink"), "--host", options.host, "--port", str(options.port)),
        *("--database", str(options.database), "--enable-supernode-auth"),
        *("--ssl-ca-certfile", str(options.authority), "--ssl-certfile", str(options.certificate)),
        *("--ssl-keyfile", str(options.key), "--disable-runtime-dependency-installation"),
    ]
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, **surroundings()})


def check_link(options: LinkOptions) -> None:
    """Look at everything that can be looked at before a SuperLink is started.

    Raises:
        UserError: names what is wrong.
    """
    _check_port(options.host, options.port)
    _check_database(options.database)
    _check_certificates(options)


def _check_port(host: str, port: int) -> None:
    if not 0 < port < 2**16:
        raise UserError(f"port {port} is none; give a --port from 1 to 65535")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise UserError(f"host {host!r} is no address of this machine; try --host 0.0.0.0") from None
    with socket.socket(family, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the SuperLink does
        try:
            server.bind(address)
            server.listen()
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror}; give another --port")
            raise UserError(f"port {port} of {host} cannot be had: {remedy}") from None


def _check_database(database: Path) -> None:
    if database.exists():
        try:
            with database.open("r+b") as file:
                begins = file.read(len(_SQLITE))
        except OSError as error:
            raise UserError(f"database {database}: {error.strerror}; give another file") from None
        if begins and begins != _SQLITE:
            raise UserError(f"{database} is no SuperLink's database; give another --database")
    elif not os.access(database.absolute().parent, os.W_OK):
        raise UserError(f"database {database} cannot be made in {database.absolute().parent}; give another --database")


def _check_certificates(options: LinkOptions) -> None:
    """Greet ourselves by TLS, as SuperNodes will."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for file, what in ((options.certificate, "certificate"), (options.key, "key")):
        if not file.is_file() or not os.access(file, os.R_OK):
            raise UserError(f"there is no {what} {file}, or this user may not read it")
    try:
        serving.load_cert_chain(options.certificate, options.key, password=lambda: "")
    except ssl.SSLError as error:
        raise UserError(
            f"{options.key} is no key without a password that belongs to a certificate in {options.certificate} "
            f"({error.reason or 'not PEM'}); give the pair that was made together"
        ) from None
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
    try:
        _greet(serving, trusting(options.authority), own)
    except ssl.SSLCertVerificationError as error:
        raise UserError(
            f"{options.certificate} is not one that {options.authority} vouches for at {own}: {error.verify_message}; "
            "give the authority that signed it, or make new ones"
        ) from None


def _greet(serving: ssl.SSLContext, asking: ssl.SSLContext, name: str) -> None:
    """Shake hands by TLS within this process.

    Raises:
        ssl.SSLCertVerificationError: the one who asks does not trust the one who serves.
    """

    def serve(end: socket.socket) -> None:
        with end, suppress(OSError):
            serving.wrap_socket(end, server_side=True).close()

    one, other = socket.socketpair()
    server = Thread(target=serve, args=(one,), daemon=True)
    server.start()
    with other:
        try:
            asking.wrap_socket(other, server_hostname=name).close()
        finally:
            other.close()
            server.join()

"""A SuperNode that cannot work says so in one line, with exit code 2, before anything is started."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_bridge.errors import UserError
from trainer.flower import credentials
from trainer.flower.__main__ import app
from trainer.flower.credentials import Credentials, make_credentials
from trainer.flower.programs import free_port
from trainer.flower.reach import check_reach


@contextmanager
def listening(found: Credentials | None) -> Iterator[str]:
    """A server that takes connections, by TLS if it has a certificate; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client, suppress(OSError):
                        if found is None:
                            client.sendall(b"220 hello\r\n")
                            continue
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(found.certificate, found.key)
                        context.wrap_socket(client, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return make_credentials(tmp_path_factory.mktemp("ours"), 1)


def test_a_superlink_that_its_authority_vouches_for_is_reached(ours: Credentials) -> None:
    with listening(ours) as address:
        check_reach(address, ours.authority)


def test_another_authority_and_an_expired_certificate_are_named(
    ours: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_credentials(tmp_path / "other", 0)
    with listening(ours) as address, pytest.raises(UserError, match=f"{other.authority} vouches for"):
        check_reach(address, other.authority)
    monkeypatch.setattr(credentials, "DAYS", -1 / 1440)
    old = make_credentials(tmp_path / "old", 0)
    with listening(old) as address, pytest.raises(UserError, match="expired"):
        check_reach(address, old.authority)


def test_wrong_ports_and_files_are_named(ours: Credentials, tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(UserError, match=f"no SuperLink at 127.0.0.1:{port}"):
        check_reach(f"127.0.0.1:{port}", ours.authority)
    with listening(None) as address, pytest.raises(UserError, match="speaks no TLS"):
        check_reach(address, ours.authority)
    with pytest.raises(UserError, match="no certificate"):
        check_reach("127.0.0.1:1", tmp_path / "gone.crt")
    with pytest.raises(UserError, match="holds no certificate"):
        check_reach("127.0.0.1:1", ours.key)
    for wrong in ("server", ":8000", "server:x", "server:99999"):
        with pytest.raises(UserError, match="is no address"):
            check_reach(wrong, ours.authority)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--partition-id": "2"}, "partition-id = 2"),
        ({"--key": "/gone"}, "no key /gone"),
        ({"--key": "/dev/null"}, "/dev/null holds no private ECDSA key"),
        ({"--key": "PUBLIC"}, "node0.pub holds no private ECDSA key"),
        ({"--devices": "qemu:2"}, "have to run already"),
        ({"--superlink": "127.0.0.1:1"}, "no SuperLink at"),
    ],
    ids=str,
)
def test_the_command_refuses_before_it_starts_anything(changed: dict[str, str], words: str, ours: Credentials) -> None:
    with listening(ours) as address:
        given = {
            "--superlink": address,
            "--root-certificates": str(ours.authority),
            "--key": str(ours.nodes[0][0]),
            "--partition-id": "0",
            "--num-partitions": "2",
        }
        named = {"PUBLIC": str(ours.nodes[0][1])}
        asked = [named.get(part, part) for pair in {**given, **changed}.items() for part in pair]
        done = CliRunner().invoke(app, ["node", *asked])
    assert isinstance(done.exception, UserError)
    assert words in str(done.exception)

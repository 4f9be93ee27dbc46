"""A SuperLink that cannot work says so in one line, with exit code 2, before Flower's program starts."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from host_bridge.errors import UserError
from trainer.flower import credentials
from trainer.flower.__main__ import app
from trainer.flower.credentials import Credentials, make_credentials
from trainer.flower.link import LinkOptions, check_link
from trainer.flower.programs import free_port, surroundings


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return make_credentials(tmp_path_factory.mktemp("ours"), 0, ("127.0.0.2",))


@pytest.fixture
def good(ours: Credentials, tmp_path: Path) -> LinkOptions:
    return LinkOptions("127.0.0.1", free_port(), tmp_path / "link.db", ours.authority, ours.certificate, ours.key)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", "127.0.0.2"])
def test_what_belongs_together_passes(good: LinkOptions, host: str) -> None:
    check_link(replace(good, host=host))
    good.database.write_bytes(b"SQLite format 3\0 and more")
    check_link(good)
    with socket.create_server(("127.0.0.1", good.port)):  # the port has been let go of
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_named_and_whoever_listens_there_goes_on(good: LinkOptions, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-m", "trainer.flower", "link", "--host", host, "--port", str(port)]
        command += ["--root-certificates", str(good.authority), "--certificate", str(good.certificate)]
        command += ["--key", str(good.key), "--database", str(good.database)]
        variables = {**os.environ, **surroundings()}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        (said,) = done.stderr.splitlines()
        assert said.startswith(f"error: port {port} of {host} cannot be had: another program listens there; ")
        assert "--port" in said
        with socket.create_connection(("127.0.0.1", port)) as asking:
            answering, _ = server.accept()
            with answering:
                answering.sendall(b"here")
            assert asking.recv(4) == b"here"
    assert not good.database.exists()


Change = Callable[[LinkOptions, Path], dict[str, Any]]


def _other(place: Path) -> Credentials:
    return make_credentials(place / "other", 0)


def _text(place: Path) -> Path:
    found = place / "text"
    found.write_text("no certificate, no key, and no database")
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _, __: {"port": 0}, "port 0 is none"),
        (lambda _, __: {"host": "192.0.2.1"}, "this machine has no such address"),
        (lambda _, __: {"host": "no such host"}, "host 'no such host' is no address"),
        (lambda _, place: {"database": place / "gone" / "link.db"}, "cannot be made in"),
        (lambda _, place: {"database": _text(place)}, "is no SuperLink's database"),
        (lambda _, place: {"database": place}, "Is a directory"),
        (lambda _, place: {"certificate": place / "gone"}, "no certificate .*gone"),
        (lambda _, place: {"key": place / "gone"}, "no key .*gone"),
        (lambda _, place: {"authority": place / "gone"}, "no certificate .*gone"),
        (lambda _, place: {"certificate": _text(place)}, "no key without a password that belongs"),
        (lambda _, place: {"key": _other(place).key}, "KEY_VALUES_MISMATCH.*made together"),
        (lambda _, place: {"authority": _text(place)}, "holds no certificate"),
        (lambda _, place: {"authority": _other(place).authority}, "is not one that .* vouches for"),
        (lambda _, __: {"host": "127.0.0.3"}, "vouches for at 127.0.0.3: IP address mismatch"),
    ],
)
def test_what_will_not_work_is_named(good: LinkOptions, change: Change, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        check_link(replace(good, **change(good, tmp_path)))


def test_an_expired_certificate_is_named(good: LinkOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "DAYS", -1 / 1440)
    old = make_credentials(tmp_path / "old", 0)
    changed = replace(good, authority=old.authority, certificate=old.certificate, key=old.key)
    with pytest.raises(UserError, match="expired"):
        check_link(changed)


def test_flower_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.flower.programs.find_spec", lambda _: None)
    done = CliRunner().invoke(app, ["credentials", "--out", "/nowhere"])
    assert isinstance(done.exception, UserError)
    assert "pip install -r requirements-flower.txt" in str(done.exception)


def test_keys_are_not_written_over_and_names_are_checked(ours: Credentials, tmp_path: Path) -> None:
    before = ours.key.read_bytes()
    with pytest.raises(UserError, match="not empty, and keys are not written over"):
        make_credentials(ours.key.parent, 1)
    assert ours.key.read_bytes() == before
    with pytest.raises(UserError, match="'büro' is no host name"):
        make_credentials(tmp_path / "new", 1, ("büro",))

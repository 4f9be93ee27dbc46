"""Key files: made once, read by their owner alone."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from host_bridge.errors import UserError
from host_bridge.keys import load_key, new_key


def test_a_new_key_is_random_and_its_owners_alone(tmp_path: Path) -> None:
    keys = []
    for name in ("a.key", "folder/b.key"):
        new_key(tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        keys.append(load_key(tmp_path / name))
    assert [len(key) for key in keys] == [32, 32]
    assert keys[0] != keys[1]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path / "a.key")
    before = (tmp_path / "a.key").read_text()
    with pytest.raises(UserError, match="exists; keys are not overwritten"):
        new_key(tmp_path / "a.key")
    assert (tmp_path / "a.key").read_text() == before


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "\xff\xfe"])
def test_what_is_no_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(UserError, match="holds no key of 64 hexadecimal digits"):
        load_key(path)


def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    new_key(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(0o640)
    with pytest.raises(UserError, match=r"others may read the key .*; run: chmod 600 "):
        load_key(tmp_path / "a.key")


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="new-key makes one"):
        load_key(tmp_path / "a.key")


def test_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "host_bridge", "new-key", str(tmp_path / "a.key")]
    assert subprocess.run(command, capture_output=True, check=True).returncode == 0
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)

"""A Renode on the PATH that is none."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from device_sim.emulators.renode import install

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "trainer"), str(TESTS / "fleet")]  # the tiny federation

UseFake = Callable[..., Path]


@pytest.fixture
def fake_renode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseFake:
    """Installs the fake; an argument names a way to fail, ``version`` what it says of itself."""

    def use(mode: str = "", version: str = "1.13.3") -> Path:
        folder = tmp_path / "renode"
        folder.mkdir()
        program = folder / "renode"
        script = Path(__file__).with_name("fake_renode.py")
        program.write_text(f'#!/bin/sh\n"{sys.executable}" "{script}" "$@"\nexit $?\n')
        program.chmod(0o755)
        monkeypatch.delenv(install.VARIABLE, raising=False)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("FAKE_RENODE", mode)
        monkeypatch.setenv("FAKE_RENODE_VERSION", version)
        return program

    return use

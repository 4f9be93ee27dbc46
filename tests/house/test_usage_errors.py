"""A mistake on any command line is one line on standard error, and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FEDERATE = "trainer.federate"

MISTAKES = [
    (FEDERATE, ["--sparsity", "abc"], "--sparsity"),
    (FEDERATE, ["--nonsense"], "--nonsense"),
    ("firmware_gen", ["nonsense"], "nonsense"),
    ("firmware_gen", ["build", "m.tflite", "--board", "b", "--out", "o", "--target", "nonsense", "--json"], "native"),
    ("firmware_gen", ["build", "m.tflite", "--board", "b"], "--out"),
    ("device_sim", ["verify"], "MODEL"),
    ("device_sim", ["verify", "m.tflite", "--board", "b", "--samples", "0"], "--samples"),
    ("device_sim", ["run", "m.tflite", "--board", "b", "--port", "65536", "--json"], "--port"),
    ("host_bridge", ["info", "--json"], "--port"),
    ("host_bridge", ["info", "--port", "p", "--wait", "0"], "--wait"),
]


def call(module: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("module", "arguments", "offender"), MISTAKES)
def test_a_wrong_option_is_one_line(module: str, arguments: list[str], offender: str) -> None:
    done = call(module, arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert offender in done.stderr


@pytest.mark.parametrize("module", ["firmware_gen", "device_sim", "host_bridge"])
def test_without_a_command_the_help_is_shown(module: str) -> None:
    done = call(module, [])
    assert done.returncode == 2
    assert "Usage:" in done.stdout
    assert done.stderr == ""


def test_sigterm_leaves_no_half_made_folder(tmp_path: Path) -> None:
    program = """
import os, signal, sys, typer
from pathlib import Path
from host_bridge.atomic import staged_directory
from host_bridge.console import run_app
app = typer.Typer()
@app.command()
def main(folder: Path) -> None:
    with staged_directory(folder):
        os.kill(os.getpid(), signal.SIGTERM)
run_app(app)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 143
    assert list(tmp_path.iterdir()) == []

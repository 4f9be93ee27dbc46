"""What the README and the page about boards tell people to type exists and works."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ".venv/bin/python"


def readme_commands() -> list[list[str]]:
    """Words of each indented command line, comments cut off."""
    text = "\n".join((ROOT / page).read_text() for page in ("README.md", "docs/boards.md"))
    lines = re.findall(r"^ {4}((?:make|\.venv/bin/python) .*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_every_make_target_exists() -> None:
    targets = {words[1] for words in readme_commands() if words[0] == "make"}
    assert {"federate", "test"} <= targets
    for target in sorted(targets):
        result = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("words", [words for words in readme_commands() if words[0] == PYTHON], ids=" ".join)
def test_every_command_and_option_exists(words: list[str]) -> None:
    """The help of the command that is named lists every option that is used."""
    options = {word for word in words if word.startswith("--")} - {"--help"}
    cut = words.index("-m") + 3 if "-m" in words else 2
    result = subprocess.run(
        [sys.executable, *words[1:cut], "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    missing = {option for option in options if option not in result.stdout}
    assert not missing, result.stdout


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_clean_clone_trains_builds_and_verifies(tmp_path: Path) -> None:
    """`make federate` in a fresh clone, with a fresh virtual environment."""
    clone = tmp_path / "clone"
    copied = subprocess.run(["git", "clone", "-q", ROOT, clone], capture_output=True, text=True, check=False)
    if copied.returncode != 0:
        pytest.skip("not a git checkout: nothing to clone")
    subprocess.run(["make", "federate", "ARGS=--rounds 2"], cwd=clone, check=True, stdin=subprocess.DEVNULL)
    folder = clone / "runs" / "digits-fedpai-u"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["device"]["samples"] == 360
    assert summary["device"]["mismatched_samples"] == 0
    for name in ("report.html", "model.tflite", "firmware/build/firmware.hex", "firmware/build/firmware.bin"):
        assert (folder / name).stat().st_size > 0
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert not status.stdout, "the run left files that git does not ignore"

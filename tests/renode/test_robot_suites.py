"""The suites for renode-test, run by Robot Framework with the stand-in's keywords in place of Renode's."""

import subprocess
import sys
from pathlib import Path

import pytest
from probe_firmware import require

HERE = Path(__file__).parent
SUITES = sorted(HERE.glob("*.robot"))
# What Renode 1.13.3 and later bring, of what the suites use.
RENODES = {"Execute Script", "Execute Command", "Reset Emulation"}


def robot(suite: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    stand_in = folder / suite.name
    text = suite.read_text()
    for library in ("FedpaiBoard.py", "FedpaiLearner.py"):
        text = text.replace(library, str(HERE / library))
    text = text.replace("*** Variables ***", f"Library    {HERE / 'renode_keywords.py'}\n\n*** Variables ***", 1)
    stand_in.write_text(text)
    outputs = ["--output", "NONE", "--log", "NONE", "--report", "NONE"]
    command = [sys.executable, "-m", "robot", *outputs, *options, str(stand_in)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=580)


def test_there_are_suites() -> None:
    assert [suite.name for suite in SUITES] == ["boards.robot"]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_keyword_exists(suite: Path, tmp_path: Path) -> None:
    done = robot(suite, tmp_path, "--dryrun")
    assert done.returncode == 0, done.stdout
    used = {line.strip().split("    ")[0] for line in suite.read_text().splitlines() if line.startswith("    ")}
    assert used & RENODES, "the suite does use Renode"


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_keyword_that_is_not_there_is_noticed(suite: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.robot"
    broken.write_text(suite.read_text().replace("Execute Script", "Execute Scripts"))
    (tmp_path / "run").mkdir()
    assert "No keyword with name 'Execute Scripts'" in robot(broken, tmp_path / "run", "--dryrun").stdout


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.timeout(600)
def test_the_suite_passes_where_qemu_stands_in_for_renode(tmp_path: Path) -> None:
    """QEMU has one of the boards; the others are left to Renode."""
    require("qemu-system-arm", "arm-none-eabi-gcc", "gcc")
    text = (HERE / "boards.robot").read_text().replace(
        "stm32f4_discovery    nrf52840dk    arduino_nano_33_ble    stm32f746g_disco", "stm32f4_discovery"
    )  # fmt: skip
    suite = tmp_path / "one" / "boards.robot"
    suite.parent.mkdir()
    suite.write_text(text)
    done = robot(suite, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "4 tests, 4 passed, 0 failed" in done.stdout

"""``--engine flower``: Flower's simulation gives what clients in one process give."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.flower.programs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
OPTIONS = ("--board", "none", "--devices", "none", "--rounds", "2", "--clients", "3", "--local-epochs", "1")


def summary_of(out: Path, *given: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "trainer" / "federate.py"), *OPTIONS, *given, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads((out / "summary.json").read_text()))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return summary_of(tmp_path_factory.mktemp("here") / "out", "--engine", "local")


@pytest.mark.parametrize(("privacy", "tolerance"), [("none", 1e-5), ("secagg", 1e-4)])
def test_the_simulation_gives_the_result_of_one_process(
    privacy: str, tolerance: float, here: dict[str, Any], tmp_path: Path
) -> None:
    there = summary_of(tmp_path / "out", "--engine", "flower", "--privacy", privacy)
    assert there["masks"] == here["masks"]
    assert there["parameters"] == here["parameters"]
    for one, other in zip(there["rounds"], here["rounds"], strict=True):
        assert one["answered"] == 3
        assert one["loss"] == pytest.approx(other["loss"], rel=tolerance)
    assert there["accuracy"]["float"] == pytest.approx(here["accuracy"]["float"], abs=1 / 360)

"""AddressSanitizer over calls in any order with damaged arguments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from learner_c import compile_learner
from learner_cases import half, network, purpose

from firmware_gen.learner import plan_learner, render_learner
from trainer.learner_export import describe

ADDRESS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
WORKER = Path(__file__).with_name("asan_learner.py")


def run_worker(folder: Path, name: str, what: str) -> subprocess.CompletedProcess[str]:
    description = describe(network(name), "case")
    given = {"encoding": "int8", "proximal": True, "seeded": name != "residual", "values": 700}
    room = None if name == "depthwise" else half(plan_learner(description, purpose(6, **given)))
    plan = plan_learner(description, purpose(6, **given), room=room)
    assert (plan.second_bytes > 0) == (room is not None)
    library = compile_learner(render_learner(description, plan), folder, ADDRESS)
    found = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True)
    settings = {
        "LD_PRELOAD": found.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, str(WORKER), str(library), str(plan.bytes), str(plan.second_bytes), what]
    environment = {**os.environ, **settings}
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=280)


@pytest.mark.parametrize("name", ["plain", "depthwise", "residual"])
def test_no_call_reaches_beyond_its_memory(tmp_path: Path, name: str) -> None:
    result = run_worker(tmp_path, name, "calls")
    assert result.returncode == 0, result.stderr[-3000:]
    granted, refused = map(int, result.stdout.splitlines()[0].split())
    assert granted > 1000
    assert refused > 1000
    assert {"-1", "-2", "-3", "-4", "-5"} <= set(result.stdout.splitlines()[1].split())


def test_the_check_itself_notices(tmp_path: Path) -> None:
    result = run_worker(tmp_path, "plain", "short")
    assert result.returncode == 99
    assert "ERROR: AddressSanitizer" in result.stderr

"""AddressSanitizer over the differential cases and over random weight streams."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conv_cases import GEOMETRIES
from damaged_layers import DAMAGED
from host_runtime import ADDRESS, VARIANTS, compile_host

WORKER = Path(__file__).with_name("asan_worker.py")
RANDOM_STREAMS = 6000
DAMAGED_LAYERS = len(DAMAGED) * 150
PROBES = {
    "output a byte short": "WRITE of size",
    "weights end before they claim to": "READ of size",
    "no slack behind the input": "READ of size",
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("asan")
    return {name: compile_host(folder, name, ADDRESS) for name in VARIANTS}


def run_worker(library: Path, what: str) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True)
    settings = {
        "LD_PRELOAD": found.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, str(WORKER), str(library), what]
    return subprocess.run(
        command, check=False, env={**os.environ, **settings}, capture_output=True, text=True, timeout=240
    )


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_no_access_outside_buffers(libraries: dict[str, Path], variant: str) -> None:
    result = run_worker(libraries[variant], "cases")
    assert result.returncode == 0, result.stderr[-3000:]
    assert int(result.stdout) == len(GEOMETRIES) + DAMAGED_LAYERS + RANDOM_STREAMS


@pytest.mark.parametrize("probe", PROBES)
def test_the_check_itself_notices(libraries: dict[str, Path], probe: str) -> None:
    result = run_worker(libraries["fast"], probe)
    assert result.returncode == 99
    assert "ERROR: AddressSanitizer" in result.stderr
    assert PROBES[probe] in result.stderr
    assert "runtime/src/fp_" in result.stderr

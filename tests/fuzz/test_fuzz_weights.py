"""Fuzzing the decoders of weights, from legal streams on."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from test_fuzz_device import require_libfuzzer

from firmware_gen.encodings import ENCODINGS

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "firmware_gen" / "runtime"
SOURCES = ("fp_taps", "fp_taps_gap4", "fp_taps_entropy", "fp_code")
SANITIZE = "-fsanitize=fuzzer,address,undefined"
QUARANTINE = "quarantine_size_mb=16"
"""Freed blocks that are held back. An execution frees less than 1 MB, so the default of 256 MB is memory for nothing:
450 MB in all after 6,000,000 executions, with this 72 MB (clang 14.0.6)."""


def _seeds(folder: Path) -> None:
    """A legal stream of each encoding at several densities."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number, encoding in enumerate(ENCODINGS):
        for density in (0.0, 0.02, 0.3, 1.0):
            weights = int(rng.integers(1, 200))
            rows = (rng.integers(-128, 128, (3, weights)) * (rng.random((3, weights)) < density)).astype(np.int8)
            head = bytes([number, (weights - 1) % 256, (weights - 1) // 256, 255, 3])
            (folder / f"{encoding.name}_{density}").write_bytes(head + encoding.encode(rows))


def _fuzz(folder: Path, *options: str) -> str:
    require_libfuzzer(folder)
    _seeds(folder / "seeds")
    sources = [str(RUNTIME / "src" / f"{name}.c") for name in SOURCES]
    target = folder / "fuzz_weights"
    build = ["clang", "-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-O1", SANITIZE, "-fno-sanitize-recover=all"]
    include = f"-I{RUNTIME / 'include'}"
    subprocess.run([*build, include, "-o", target, str(ROOT / "tests/fuzz/fuzz_weights.c"), *sources], check=True)
    # By a shell that does not exec: Linux would count the memory of this process as the fuzzer's (ru_maxrss).
    command = [
        "sh",
        "-c",
        '"$@"; exit $?',
        "sh",
        target,
        "-seed=1",
        "-max_len=600",
        "-rss_limit_mb=512",
        f"-artifact_prefix={folder}/",
        *options,
        folder / "seeds",
    ]
    environment = {**os.environ, "ASAN_OPTIONS": QUARANTINE}
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr[-5000:]
    return result.stderr


def test_decoders_withstand_100000_inputs(tmp_path: Path) -> None:
    assert "Done 100000 runs" in _fuzz(tmp_path, "-runs=100000")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_decoders_withstand_five_minutes(tmp_path: Path) -> None:
    assert "Done " in _fuzz(tmp_path, "-max_total_time=300")

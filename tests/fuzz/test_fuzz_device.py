"""A short run of the fuzz target; tests/fuzz/fuzz.sh runs it for longer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def require_libfuzzer(folder: Path) -> None:
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed: apt-get install clang")
    source = folder / "probe.c"
    source.write_text("int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return n && !p; }\n")
    command = ["clang", "-fsanitize=fuzzer,address,undefined", str(source), "-o", str(folder / "probe")]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("clang has no libFuzzer: apt-get install libclang-rt-dev")


def fuzz(folder: Path, *options: str) -> str:
    """Run the target; returns what it printed, and fails when it found something."""
    require_libfuzzer(folder)
    command = [str(HERE / "fuzz.sh"), str(folder), *options, "-seed=1"]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHON": sys.executable}
    )
    assert result.returncode == 0, result.stderr[-5000:]
    return result.stderr


@pytest.mark.parametrize("corpus", ["corpus", "corpus_extended", "corpus_learner"])
def test_corpus_is_small(corpus: str) -> None:
    sizes = [file.stat().st_size for file in (HERE / corpus).iterdir()]
    assert len(sizes) >= 10
    assert max(sizes) <= 4096


def test_the_device_withstands_200000_inputs(tmp_path: Path) -> None:
    assert "Done 200000 runs" in fuzz(tmp_path, "-runs=200000")


def test_transfers_sessions_and_tags_withstand_100000_inputs(tmp_path: Path) -> None:
    assert "Done 100000 runs" in fuzz(tmp_path, "--extended", "-runs=100000", "-max_len=600")


def test_a_learner_withstands_10000_inputs(tmp_path: Path) -> None:
    assert "Done 10000 runs" in fuzz(tmp_path, "--learner", "-runs=10000", "-max_len=500")


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "options",
    [[], ["--extended", "-max_len=600"], ["--learner", "-max_len=500"]],
    ids=["inference", "extended", "learner"],
)
def test_ten_million_inputs(tmp_path: Path, options: list[str]) -> None:
    assert "Done 10000000 runs" in fuzz(tmp_path, *options, "-runs=10000000")

"""The custom operator itself, against a stand-in for TensorFlow Lite Micro's headers."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tflm_models import inputs, mixed, named

from firmware_gen.runtime_files import TFLM_FOLDER
from firmware_gen.tflm_child import infer_all
from firmware_gen.tflm_runtime import TflmOptions, build_tflm_library
from firmware_gen.tflm_runtime.flatbuffer_model import graph_of, load

HERE = Path(__file__).parent
HEADERS = (
    "lite/c/common.h",
    "lite/kernels/kernel_util.h",
    "lite/micro/kernels/kernel_util.h",
    "lite/micro/micro_common.h",
    "lite/micro/micro_context.h",
    "lite/micro/micro_log.h",
)
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Wdouble-promotion", "-Werror")
SANITIZE = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def _run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An include folder where every header is the stand-in."""
    folder = tmp_path_factory.mktemp("fake")
    for header in HEADERS:
        path = folder / "tensorflow" / header
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('#include "fake_tflm.h"\n')
    shutil.copy(HERE / "fake_tflm.h", folder)
    return folder


@pytest.fixture(scope="module")
def built(fake: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Project of the mixed model, and the program that runs its operators one at a time."""
    work = tmp_path_factory.mktemp("operator")
    (work / "mixed.tflite").write_bytes(mixed())
    build_tflm_library(work / "mixed.tflite", work / "project", TflmOptions())
    project = work / "project"
    includes = [f"-I{project / path}" for path in ("src", "runtime/include", "runtime/src")]
    left_out = {"fp_model_data.c"}
    link = ("fp_device", "fp_requests", "fp_reply", "fp_service", "fp_session", "fp_transfer", "fp_frame", "fp_cobs")
    sources = [
        path
        for folder in ("src", "runtime/src")
        for path in sorted((project / folder).glob("*.c"))
        if path.name not in left_out and path.stem not in link
    ]
    objects = work / "objects"
    objects.mkdir()
    _run("sh", "-c", 'cd "$0" && exec gcc "$@"', objects, "-std=c99", "-c", *SANITIZE, *includes, *sources)
    _run("g++", "-std=c++17", *SANITIZE, *WARNINGS, *includes, f"-I{fake}", project / "src" / "fp_tflm_op.cc",
         HERE / "run_op.cc", *sorted(objects.glob("*.o")), "-o", work / "run_op")  # fmt: skip
    return project, work / "run_op"


def _operate(program: Path, options: bytes, sample: np.ndarray, output_bytes: int) -> tuple[int, np.ndarray]:
    request = struct.pack("=3I", len(options), sample.size, output_bytes) + options + sample.tobytes()
    done = subprocess.run([program], input=request, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout[0], np.frombuffer(done.stdout[1:], np.int8)


def _options(project: Path) -> list[bytes]:
    rows = graph_of(load((project / "model.tflite").read_bytes(), "model")).operators
    return [bytes(row.customOptions) for row in rows if row.customOptions is not None]


def test_operators_in_a_row_are_the_model(built: tuple[Path, Path]) -> None:
    """The operator between them, MAXIMUM of a tensor with itself, changes nothing."""
    project, program = built
    samples = inputs((1, 10, 9, 3), 3)
    expected = infer_all(mixed(), samples, 1 << 20)
    first, second = _options(project)
    for sample, wanted in zip(samples, expected, strict=True):
        status, between = _operate(program, first, sample, 10 * 9 * 16)
        assert status == 0
        status, output = _operate(program, second, between, 7)
        assert status == 0
        np.testing.assert_array_equal(output, wanted)


def test_strange_options_and_tensors_are_refused_in_prepare(built: tuple[Path, Path]) -> None:
    project, program = built
    first, second = _options(project)
    sample = inputs((1, 10, 9, 3), 1)[0]
    damaged = (b"", first[:-1], b"FPP2" + first[4:], first[:-1] + bytes([first[-1] ^ 1]), first + b"\0", second)
    for options in damaged:
        assert _operate(program, options, sample, 10 * 9 * 16)[0] == 2
    for output_bytes in (10 * 9 * 16 - 1, 7):
        assert _operate(program, first, sample, output_bytes)[0] == 2
    assert _operate(program, first, sample.reshape(-1)[:-1], 10 * 9 * 16)[0] == 2


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_operator_is_clean_cxx(fake: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    include = TFLM_FOLDER.parent / "include"
    _run(compiler, "-std=c++17", *WARNINGS, "-pedantic-errors", "-fno-exceptions", "-fno-rtti", f"-I{fake}",
         f"-I{include}", "-fsyntax-only", TFLM_FOLDER / "fp_tflm_op.cc")  # fmt: skip


def test_names_never_reach_c(tmp_path: Path) -> None:
    model = tmp_path / '*" #error x ü.tflite'
    model.write_bytes(named("network"))
    build_tflm_library(model, tmp_path / "out", TflmOptions())
    for path in [*(tmp_path / "out").rglob("*.c*"), *(tmp_path / "out").rglob("*.h")]:
        assert "#error x" not in path.read_text()
        assert "ü" not in path.read_text()

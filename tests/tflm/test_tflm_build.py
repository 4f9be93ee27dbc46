"""The command line of the second runtime, and with a checkout in TFLM_DIR the real thing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tflm_models import inputs, mixed

from device_sim.emulators import start_emulator
from device_sim.session import open_link
from firmware_gen.boards import load_board
from firmware_gen.tflm_child import infer_all
from firmware_gen.tflm_runtime import TflmOptions, build_tflm_firmware
from firmware_gen.toolchain import build_tool

ROOT = Path(__file__).parents[2]
CHECKOUT = os.environ.get("TFLM_DIR")
needs_checkout = pytest.mark.skipif(not CHECKOUT, reason="TFLM_DIR names no checkout of TensorFlow Lite Micro")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.tflite"
    path.write_bytes(mixed())
    return path


def _cli(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firmware_gen", "build", *map(str, arguments)]
    variables = {key: value for key, value in os.environ.items() if key != "TFLM_DIR"} | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, cwd=ROOT, env=variables)


def test_sources_need_no_checkout(model: Path, tmp_path: Path) -> None:
    done = _cli(model, "--runtime", "tflm", "--format", "lib", "--out", tmp_path / "out", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["operators"] == ["MAXIMUM", "FP_PROGRAM"]
    assert [len(one["layers"]) for one in report["programs"]] == [1, 2]
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")}
    assert {"CMakeLists.txt", "tflm.cmake", "example/main.cc", "model.tflite", "src/fp_tflm_programs.c"} <= names


@pytest.mark.parametrize(
    ("arguments", "environment", "fragment"),
    [
        (("--board", "mps2_an386"), {}, "give --tflm-dir or set TFLM_DIR"),
        (("--board", "mps2_an386"), {"TFLM_DIR": "/nowhere"}, "/nowhere is no checkout"),
        (("--board", "mps2_an386", "--tflm-dir", "{folder}"), {}, "is no checkout of TensorFlow Lite Micro"),
        (("--format", "lib", "--layout", "arduino"), {}, "--layout has no meaning with --runtime tflm"),
        (("{model}", "--format", "lib"), {}, "takes one model"),
        ((), {}, "a firmware needs --board"),
    ],
)
def test_mistakes_are_one_line(
    model: Path, tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], fragment: str
) -> None:
    given = [one.format(model=model, folder=tmp_path) for one in arguments]
    done = _cli(model, "--runtime", "tflm", *given, "--out", tmp_path / "out", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert fragment in done.stderr
    assert list(tmp_path.iterdir()) == [model]


def test_options_of_the_other_runtime(model: Path, tmp_path: Path) -> None:
    done = _cli(model, "--board", "mps2_an386", "--tflm-weights", "plain", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "--tflm-weights has no meaning with --runtime fp" in done.stderr


def test_cmake_refuses_without_a_checkout(model: Path, tmp_path: Path) -> None:
    _cli(model, "--runtime", "tflm", "--format", "lib", "--out", tmp_path / "out")
    command = [build_tool("cmake"), "-S", tmp_path / "out", "-B", tmp_path / "b", "-G", "Ninja",
               f"-DCMAKE_MAKE_PROGRAM={build_tool('ninja')}", f"-DTFLM_DIR={tmp_path}"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert "holds no TensorFlow Lite Micro" in done.stderr


@needs_checkout
@pytest.mark.slow
@pytest.mark.parametrize("weights", ["program", "decode", "plain"])
@pytest.mark.parametrize("emulator", ["native", "qemu"])
def test_real_tflm_computes_the_same(weights: str, emulator: str, model: Path, tmp_path: Path) -> None:
    board = load_board("mps2_an386")
    target = "native" if emulator == "native" else "board"
    options = TflmOptions(weights)  # type: ignore[arg-type]
    report = build_tflm_firmware(model, board, tmp_path / "out", options, target=target, checkout=None)
    samples = inputs((1, 10, 9, 3), 3)
    with start_emulator(emulator, report.elf, board) as emulated, open_link(emulated) as link:
        assert link.selftest().passed
        outputs = [np.frombuffer(link.infer(sample.tobytes()).output, np.int8) for sample in samples]
    np.testing.assert_array_equal(np.stack(outputs), infer_all(mixed(), samples, 1 << 20))

"""``python -m device_sim`` as a user calls it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from op_cases import CASES
from probe_firmware import require

from device_sim import cli
from device_sim import verify as verify_module
from host_bridge.client import Board
from host_bridge.console import run_cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(next(case for case in CASES if case.name == "conv_3x3_same").model())
    return path


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "device_sim", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_boards_as_text_and_json() -> None:
    assert "stm32f4_discovery" in call("boards").stdout
    boards = {board["name"]: board for board in json.loads(call("boards", "--json").stdout)["boards"]}
    assert boards["stm32f4_discovery"]["flash_bytes"] == 1 << 20
    assert boards["mps2_an386"]["emulators"]["native"]["ready"] is True
    assert boards["stm32f4_discovery"]["emulators"].keys() == {"qemu", "renode", "native"}
    assert boards["stm32f4_discovery"]["verified"][0]["on"] == "qemu"
    assert boards["stm32f4_discovery"]["flashed_by_probe"] is True


def test_verify_prints_one_json_document(model: Path, tmp_path: Path) -> None:
    require("gcc")
    np.save(tmp_path / "x.npy", np.zeros((3, 7, 11, 3), np.int8))
    done = call(
        "verify", model, "--board", "mps2_an386", "--emulator", "native", "--inputs", tmp_path / "x.npy", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["samples"] == 3


def test_verify_draws_samples_without_inputs(model: Path) -> None:
    require("gcc")
    done = call("verify", model, "--board", "mps2_an386", "--emulator", "native", "--samples", 5)
    assert "5 of 5 equal" in done.stdout


def test_a_mismatch_is_exit_code_1(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require("gcc")
    oracle = verify_module.run_oracle

    def wrong(path: Path, inputs: np.ndarray) -> object:
        result = oracle(path, inputs)
        result.outputs[1].flat[0] ^= 1
        return result

    monkeypatch.setattr(verify_module, "run_oracle", wrong)
    monkeypatch.setattr(
        sys, "argv", ["device_sim", "verify", str(model), "--board", "mps2_an386", "--emulator", "native"]
    )
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            run_cli(cli.app)
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert ended.value.code == 1
    assert "sample 1, output 0: expected" in capsys.readouterr().out


BAD = {
    "board": (["--board", "nucleo"], "unknown board 'nucleo'; choose one of:"),
    "emulator": (["--board", "mps2_an386", "--emulator", "simics"], "unknown emulator 'simics'"),
    "renode": (["--board", "mps2_an386", "--emulator", "renode"], "has no [emulators.renode] section"),
    "inputs": (["--board", "mps2_an386", "--inputs", "none.npy"], "none.npy"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2(model: Path, case: str) -> None:
    arguments, message = BAD[case]
    done = call("verify", model, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_corrupt_model_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"not a model at all")
    for command in ("verify", "run"):
        done = call(command, path, "--board", "mps2_an386", "--emulator", "native")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_run_serves_until_it_is_ended(model: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """SIGKILL leaves its temporary folder, which this test keeps in its own; the others leave nothing."""
    require("gcc")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "device_sim", "run", str(model), "--board", "mps2_an386", "--emulator", "native"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().strip()
            children = psutil.Process(running.pid).children(recursive=True)
            assert children
            for _ in range(2):
                with Board.connect(url, ready_within=20) as board:
                    assert len(board.infer(bytes(231)).output) == board.info().output_bytes
            running.send_signal(number)
            assert running.wait(15) == code
        finally:
            running.kill()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert number == signal.SIGKILL or list(scratch.iterdir()) == []

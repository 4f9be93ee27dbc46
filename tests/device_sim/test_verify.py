"""A verification from model to report, on the host with sanitizers and on emulated boards."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from op_cases import CASES, OpCase, case_inputs
from probe_firmware import require

from device_sim import verify
from device_sim.emulators import EmulatedBoard
from device_sim.report import Mismatch
from device_sim.samples import input_shape
from device_sim.verify import verify_model
from firmware_gen.oracle import OracleResult, run_oracle
from host_bridge.errors import UserError

BOARDS = ("stm32f4_discovery", "mps2_an386")
SANITIZED = ("conv_3x3_same", "conv_sparse_98", "dense_per_tensor", "max_pool_leftover", "network", "spatial_output")


def write_model(folder: Path, case: OpCase) -> tuple[Path, np.ndarray]:
    path = folder / f"{case.name}.tflite"
    path.write_bytes(case.model())
    return path, case_inputs(case, int(np.prod(input_shape(path))))


def named(name: str) -> OpCase:
    return next(case for case in CASES if case.name == name)


def check_on_qemu(case: OpCase, board: str, folder: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    model, inputs = write_model(folder, case)
    report = verify_model(model, board, inputs, emulator="qemu")
    assert (report.samples, report.mismatched_samples) == (len(inputs), 0), report.first_mismatch
    assert report.rx_lost_bytes == 0
    assert report.instructions_per_inference is not None and report.instructions_per_inference > 0
    used, worst = report.stack_used_bytes, report.stack_worst_case_bytes
    assert used is not None and worst is not None and 0 < used <= worst <= report.ram_bytes["stack"]


VECTOR_BOARD = "mps3_an547"
"""Cortex-M55: most kernels are others than the two above run."""


def vector_cases(quick: bool) -> list[object]:
    """Every case on the board with vectors; each twentieth is the quick share."""
    return [pytest.param(one, id=one.name) for number, one in enumerate(CASES) if (number % 20 == 0) == quick]


@pytest.mark.qemu
@pytest.mark.parametrize("case", vector_cases(quick=True))
def test_cases_equal_the_oracle_with_vectors(case: OpCase, tmp_path: Path) -> None:
    check_on_qemu(case, VECTOR_BOARD, tmp_path)


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("case", vector_cases(quick=False))
def test_every_other_case_equals_the_oracle_with_vectors(case: OpCase, tmp_path: Path) -> None:
    check_on_qemu(case, VECTOR_BOARD, tmp_path)


def board_cases(quick: bool) -> list[object]:
    """Every case on both boards; each fourth, the boards taking turns, is the quick share."""
    return [
        pytest.param(case, board, id=f"{case.name}-{board}")
        for number, case in enumerate(CASES)
        for turn, board in enumerate(BOARDS)
        if (number % 4 == 0 and number // 4 % 2 == turn) == quick
    ]


@pytest.mark.qemu
@pytest.mark.parametrize(("case", "board"), board_cases(quick=True))
def test_cases_equal_the_oracle_on_a_board(case: OpCase, board: str, tmp_path: Path) -> None:
    check_on_qemu(case, board, tmp_path)


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize(("case", "board"), board_cases(quick=False))
def test_every_other_case_equals_the_oracle_on_a_board(case: OpCase, board: str, tmp_path: Path) -> None:
    check_on_qemu(case, board, tmp_path)


@pytest.mark.parametrize("name", SANITIZED)
def test_cases_equal_the_oracle_in_a_sanitized_process(name: str, tmp_path: Path) -> None:
    require("gcc")
    model, inputs = write_model(tmp_path, named(name))
    report = verify_model(model, "mps2_an386", inputs, emulator="native", sanitize=True)
    assert (report.samples, report.mismatched_samples) == (len(inputs), 0), report.first_mismatch
    assert report.instructions_per_inference is None
    assert report.stack_used_bytes is None


def test_the_report_tells_what_ran(tmp_path: Path) -> None:
    require("gcc")
    model, inputs = write_model(tmp_path, named("network"))
    seen: list[tuple[int, int]] = []
    report = verify_model(
        model, "mps2_an386", inputs, emulator="native", out=tmp_path / "out", progress=lambda *step: seen.append(step)
    )
    document = report.model_dump()
    assert {"board", "emulator", "samples", "mismatched_samples", "oracle", "instructions_per_inference"} <= set(
        document
    )
    assert {"weights", "code", "total"} <= set(document["flash_bytes"])
    assert {"arena", "stack", "total"} <= set(document["ram_bytes"])
    assert document["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert (document["board"], document["emulator"]) == ("mps2_an386", "native")
    assert "outputs" not in document
    assert (tmp_path / "out" / "report.json").is_file()
    assert seen == [(number, len(inputs)) for number in range(1, len(inputs) + 1)]
    np.testing.assert_array_equal(report.outputs, run_oracle(model, inputs).outputs)


def test_a_wrong_byte_is_found_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("gcc")

    def other_oracle(model: Path, inputs: np.ndarray) -> OracleResult:
        truth = run_oracle(model, inputs)
        wrong = truth.outputs.copy()
        wrong[2].flat[1] ^= 1
        wrong[4].flat[0] ^= 64
        return OracleResult(wrong, "altered")

    model, inputs = write_model(tmp_path, named("conv_3x3_same"))
    monkeypatch.setattr(verify, "run_oracle", other_oracle)
    report = verify_model(model, "mps2_an386", inputs, emulator="native")
    got = int(report.outputs[2].flat[1])
    assert report.mismatched_samples == 2
    assert report.first_mismatch == Mismatch(sample=2, index=1, expected=got ^ 1, got=got)
    assert not report.passed


def test_another_model_on_the_board_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("gcc")
    build = verify.build_firmware
    model, inputs = write_model(tmp_path, named("conv_3x3_same"))
    monkeypatch.setattr(
        verify, "build_firmware", lambda *a, **k: build(*a, **k).model_copy(update={"model_sha256": "0" * 64})
    )
    with pytest.raises(UserError, match="the board runs model"):
        verify_model(model, "mps2_an386", inputs, emulator="native")


def test_sanitizers_need_the_native_emulator(tmp_path: Path) -> None:
    require("qemu-system-arm")
    model, inputs = write_model(tmp_path, named("conv_3x3_same"))
    with pytest.raises(UserError, match="add --emulator native"):
        verify_model(model, "mps2_an386", inputs, emulator="qemu", sanitize=True)


def test_ticks_become_instructions() -> None:
    """At 25 MHz a tick is 40 ns, that is, 40 instructions of one nanosecond."""
    board = EmulatedBoard("qemu", "1", "m", "socket://x:1", 25_000_000, lambda: None)
    counts = [count for ticks in (10, 12, 11) if (count := board.run_instructions(ticks))]
    assert counts == [400, 480, 440]
    assert verify._instructions(board, counts) == {
        "instructions_per_inference": 440,
        "instructions_spread": 80,
        "instructions_per_tick": 40,
    }


def test_an_emulator_that_counts_itself_is_believed() -> None:
    board = EmulatedBoard("renode", "1.13.3", "m", "socket://x:1", None, lambda: None, latest_run=lambda: 1234)
    assert (board.run_instructions(99), board.instructions_per_tick) == (1234, 1)
    silent = EmulatedBoard("native", "x", "m", "socket://x:1", None, lambda: None)
    assert verify._instructions(silent, []) == {
        "instructions_per_inference": None,
        "instructions_spread": None,
        "instructions_per_tick": None,
    }


def test_metrics_need_an_emulator_that_keeps_them(tmp_path: Path) -> None:
    model, inputs = write_model(tmp_path, named("conv_3x3_same"))
    with pytest.raises(UserError, match="native keeps no execution metrics; add --emulator renode"):
        verify_model(model, "mps2_an386", inputs, emulator="native", metrics=tmp_path / "metrics")

"""Deployment: what is checked before training, and the whole test set on a board."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from probe_firmware import require
from small_network import make_small_network

from device_sim.emulators import qemu
from firmware_gen.oracle import run_oracle
from host_bridge.errors import UserError
from trainer.convert import convert_int8
from trainer.deploy import check_deployable, deploy
from trainer.int8 import quantise_inputs


def hide(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Make a program look as if it were not installed."""
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == program else real(name))


def deploy_small(out: Path, board: str, emulator: str) -> None:
    small = make_small_network()
    conversion = convert_int8(small.network, small.weights, small.masks, small.dataset, out / "model.tflite")
    seen: list[tuple[int, int]] = []
    done = deploy(conversion.path, small.dataset, board, emulator, out, progress=lambda *step: seen.append(step))
    truth = run_oracle(conversion.path, quantise_inputs(conversion.path, small.dataset.test_x)).outputs
    assert (done.verify.samples, done.verify.mismatched_samples) == (10, 0)
    np.testing.assert_array_equal(done.verify.outputs, truth)
    assert done.accuracy == pytest.approx(np.mean(truth.argmax(axis=1) == small.dataset.test_y))
    assert seen[-1] == (10, 10)
    assert done.firmware.elf.is_file()
    assert done.firmware.elf.is_relative_to(out / "firmware")
    document = json.loads((out / "firmware" / "report.json").read_text())
    assert done.firmware.model_dump(mode="json") == document
    assert done.firmware.weights_kept == sum(tensor.nonzero for tensor in conversion.tensors)


def test_the_test_set_goes_through_a_process_of_this_computer(tmp_path: Path) -> None:
    require("gcc")
    deploy_small(tmp_path, "mps2_an386", "native")


@pytest.mark.qemu
def test_the_test_set_goes_through_an_emulated_board(tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    deploy_small(tmp_path, "stm32f4_discovery", "auto")


@pytest.mark.parametrize(
    ("board", "emulator", "message"),
    [
        ("toaster", "auto", "unknown board 'toaster'; choose one of: .*stm32f4_discovery"),
        ("stm32f4_discovery", "spice", "unknown emulator 'spice'; choose one of: .*qemu"),
    ],
)
def test_unknown_names_list_the_choices(board: str, emulator: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_deployable(board, emulator)


@pytest.mark.parametrize(
    ("emulator", "program"), [("auto", qemu.PROGRAM), ("qemu", "arm-none-eabi-gcc"), ("native", "gcc")]
)
def test_a_missing_program_is_found_before_training(
    emulator: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    check_deployable("stm32f4_discovery", emulator)
    hide(monkeypatch, program)
    with pytest.raises(UserError, match=f"{program} is not installed; .*install"):
        check_deployable("stm32f4_discovery", emulator)

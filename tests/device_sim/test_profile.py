"""Layer by layer: instructions that add up, the first differing layer of broken builds, no trace in other builds."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from op_cases import CASES, OpCase, case_inputs
from probe_firmware import require

from device_sim.emulators import choose_emulator, start_emulator
from device_sim.profile import Checked, profile_model
from device_sim.profile_console import print_profile
from device_sim.report import ProfileReport
from device_sim.samples import input_shape
from device_sim.session import open_link
from device_sim.verify import verify_model
from firmware_gen import build
from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from firmware_gen.compiled import compile_file
from firmware_gen.emit import render_model
from firmware_gen.encodings.choice import DEFAULT
from firmware_gen.oracle import run_oracle
from firmware_gen.program import ConvCall
from firmware_gen.ram_map.arena import layer_numbers
from host_bridge.errors import LinkError
from host_bridge.profile import read_arena, run_call

BOARD = "mps2_an386"
COMPARED = (
    *("add_before_5x5", "add_residual", "concatenation_channels", "conv_sparse_98", "lookup_with_halos", "mean"),
    *("pad_folds_into_stride_2", "resize_nearest_2x", "separable_stack", "spatial_output", "transpose_conv_decoder"),
)


def written(folder: Path, name: str) -> tuple[Path, np.ndarray]:
    case: OpCase = next(one for one in CASES if one.name == name)
    path = folder / f"{name}.tflite"
    path.write_bytes(case.model())
    return path, case_inputs(case, int(np.prod(input_shape(path))))


@pytest.mark.qemu
def test_instructions_of_the_layers_add_up(tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    model, inputs = written(tmp_path, "network")
    report = verify_model(model, BOARD, inputs[:2], emulator="qemu", profile=True, out=tmp_path / "out")
    profile = report.profile
    assert report.passed and profile is not None and profile.first_difference is None and profile.reference_agrees
    assert profile.instructions is not None and report.instructions_per_inference is not None
    assert profile.instructions_per_tick is not None
    resolution = profile.instructions_per_tick * (len(profile.calls) + 1)
    reading = 80 * len(profile.calls)  # what reading the counter twice may take
    assert abs(profile.instructions - report.instructions_per_inference) <= resolution + reading
    stored = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [one["instructions"] for one in stored["layers"]] == [one.instructions for one in profile.layers]
    assert [one["instructions"] for one in stored["ram_map"]["arena"]["calls"]] == list(profile.calls)
    assert stored["stack"]["measured_bytes"] == report.stack_used_bytes
    assert "Instructions are not measured" not in (tmp_path / "out" / "report.html").read_text()
    assert b"fp_profile" not in (tmp_path / "out" / "build" / "firmware.elf").read_bytes()


def compared(folder: Path, name: str) -> ProfileReport:
    """A profiling build of a case, whose tensors are compared for its first samples."""
    model, inputs = written(folder, name)
    samples = inputs[:2].reshape(-1, *input_shape(model))
    outputs = run_oracle(model, samples).outputs
    checked = Checked(samples, outputs, ~outputs)  # all samples are suspects
    return profile_model(model, load_board(BOARD), choose_emulator("native", load_board(BOARD)), checked)


@pytest.mark.parametrize("name", ["network", *(pytest.param(name, marks=pytest.mark.slow) for name in COMPARED)])
def test_every_tensor_is_the_reference_s(name: str, tmp_path: Path) -> None:
    profile = compared(tmp_path, name)
    assert profile.first_difference is None, profile.first_difference
    assert profile.compared_samples == [0, 1] and profile.reference_agrees
    assert profile.instructions is None and all(one is None for one in profile.calls)


def broken(monkeypatch: pytest.MonkeyPatch, array: str) -> None:
    """Builds whose ``array`` has another first element."""

    def spoilt(*arguments: Any, **options: Any) -> dict[str, str]:
        sources = render_model(*arguments, **options)
        pattern = rf"({array}\[\] = \{{\n    )([^,]+)"
        changed, count = re.subn(
            pattern, lambda found: f"{found.group(1)}{_other(found.group(2))}", sources["fp_model_data.c"]
        )
        assert count == 1
        return {**sources, "fp_model_data.c": changed}

    monkeypatch.setattr(build, "render_model", spoilt)


def _other(literal: str) -> str:
    """One flipped bit of a weight byte, or a bias far off."""
    return f"0x{int(literal, 16) ^ 0x40:02x}" if literal.startswith("0x") else str(int(literal) - 100_000)


def layers_with_weights(folder: Path) -> list[tuple[int, int, str]]:
    """(number of the call, number of the layer, encoding)."""
    model, _ = written(folder, "network")
    program = compile_file(model, DEFAULT).program
    numbers = enumerate(zip(program.calls, layer_numbers(program.calls), strict=True))
    return [(n, layer, call.weights.encoding.name) for n, (call, layer) in numbers if isinstance(call, ConvCall)]


def check_broken(array: str, layer: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ProfileReport:
    with monkeypatch.context() as patch:
        broken(patch, array)
        profile = compared(folder, "network")
    first = profile.first_difference
    assert first is not None
    assert (first.layer, first.op) == (layer, profile.layers[layer].op)
    assert first.expected != first.got and 0 < first.differing <= first.elements
    return profile


def test_a_flipped_weight_is_found_in_its_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call, layer = next((call, layer) for call, layer, encoding in layers_with_weights(tmp_path) if encoding == "dense")
    print_profile(check_broken(f"fp_weights_{call}", layer, tmp_path, monkeypatch))
    printed = " ".join(capsys.readouterr().out.split())
    assert re.search(rf"differing layer layer {layer} \([A-Z_0-9]+ '.*'\), sample 0, row \d+, column \d+, ", printed)


@pytest.mark.slow
def test_a_wrong_bias_is_found_in_every_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = layers_with_weights(tmp_path)
    assert len(layers) >= 3
    for call, layer, _ in layers:
        check_broken(f"fp_bias_{call}", layer, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("profile", "reason"), [(False, "no such request"), pytest.param(True, "outside", marks=pytest.mark.slow)]
)
def test_what_a_board_does_not_have_is_refused(profile: bool, reason: str, tmp_path: Path) -> None:
    """Firmware for use knows neither request; a profiling build knows its calls and its arena."""
    model, _ = written(tmp_path, "conv_1x1")
    board = load_board(BOARD)
    report = build_firmware(model, board, tmp_path / "firmware", target="native", profile=profile)
    with start_emulator("native", report.elf, board) as emulated, open_link(emulated) as link:
        arena = link.info().arena_bytes
        with pytest.raises(LinkError, match=reason):
            run_call(link, 999)
        with pytest.raises(LinkError, match=reason):
            read_arena(link, arena - 3, 4)
        if profile:
            assert len(read_arena(link, 0, arena)) == arena

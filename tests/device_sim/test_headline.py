"""Networks at 98 % zeros on emulated boards: byte for byte, with instructions, flash and RAM held to what was measured.

Measured with arm-none-eabi-gcc 12.2 and QEMU 7.2. Bytes that the generator decides are exact; what the compiler decides
may grow by a twentieth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from probe_firmware import require

from benchmarks.networks.masks import uniform
from benchmarks.networks.resnet8 import resnet8
from benchmarks.networks.resnet18 import resnet18
from benchmarks.networks.tflm_figures import CORES, tflm
from benchmarks.networks.vgg19 import vgg19
from benchmarks.networks.visual_wake_words import visual_wake_words
from device_sim.report import VerifyReport
from device_sim.samples import input_shape
from device_sim.verify import verify_model
from firmware_gen.boards import load_board

ALLOWANCE = 1.05


@dataclass(frozen=True)
class Measured:
    """Exact bytes of weights, requantisation and arena; instructions, and bytes of code, that may grow a little."""

    make: Callable[[], bytes]
    peer: str
    weights: int
    requant: int
    arena: int
    code: int
    instructions: int
    times: float  # fewer instructions than TensorFlow Lite Micro's, at least


NETWORKS = {
    "resnet18": Measured(lambda: resnet18(uniform(0.98)), "resnet18", 426_438, 43_290, 144_736, 20_432, 47_957_880, 16),
    "vgg19": Measured(lambda: vgg19(uniform(0.98)), "vgg19", 710_641, 45_702, 122_032, 17_677, 34_212_080, 16),
    "resnet8": Measured(lambda: resnet8(uniform(0.98)), "resnet8_98", 1_807, 2_025, 36_096, 16_944, 1_533_840, 16),
    "visual_wake_words": Measured(visual_wake_words, "mobilenet_v1_0.25", 43_312, 11_133, 55_896, 18_627, 6_236_400, 2),
}


def verify(name: str, board: str, folder: Path) -> VerifyReport:
    """One random sample; the outputs are TensorFlow Lite Micro's, and not all alike."""
    require("arm-none-eabi-gcc", "qemu-system-arm")
    model = folder / f"{name}.tflite"
    model.write_bytes(NETWORKS[name].make())
    sample = np.random.default_rng(1).integers(-128, 128, (1, *input_shape(model))).astype(np.int8)
    report = verify_model(model, board, sample, emulator="qemu")
    assert (report.samples, report.mismatched_samples) == (1, 0), report.first_mismatch
    assert len(np.unique(report.outputs)) > 1
    return report


def check(name: str, report: VerifyReport) -> None:
    measured = NETWORKS[name]
    flash = report.flash_bytes
    exact = measured.weights, measured.requant, measured.arena
    assert (flash["weights"], flash["requant"], report.ram_bytes["arena"]) == exact
    assert flash["code"] <= ALLOWANCE * measured.code
    assert report.instructions_per_inference is not None
    assert report.instructions_per_inference <= ALLOWANCE * measured.instructions


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("name", ["resnet18", "vgg19"])
def test_large_network_runs_on_an_stm32f4(name: str, tmp_path: Path) -> None:
    """1 MB of flash, 192 KB of RAM with stack and link buffers, in QEMU's memory map."""
    board = load_board("stm32f4_qemu")
    assert (board.flash[0].bytes, board.ram[0].bytes) == (1 << 20, 192 << 10)
    report = verify(name, board.name, tmp_path)
    check(name, report)
    assert report.flash_bytes["total"] < board.flash[0].bytes
    assert report.ram_bytes["total"] < board.ram[0].bytes


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7"])
@pytest.mark.parametrize("name", ["resnet18", "vgg19"])
def test_large_network_takes_a_sixteenth_of_the_instructions(name: str, core: str, tmp_path: Path) -> None:
    report = verify(name, CORES[core], tmp_path)
    check(name, report)
    theirs = tflm(NETWORKS[name].peer, core)
    assert report.instructions_per_inference is not None
    assert NETWORKS[name].times * report.instructions_per_inference <= theirs.instructions
    assert report.flash_bytes["total"] < theirs.flash / 20 and report.ram_bytes["arena"] < theirs.arena


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["resnet8", "visual_wake_words"])
def test_small_network_beats_tflm(name: str, tmp_path: Path) -> None:
    report = verify(name, "mps2_an386", tmp_path)
    check(name, report)
    theirs = tflm(NETWORKS[name].peer, "cortex-m4")
    assert report.instructions_per_inference is not None
    assert NETWORKS[name].times * report.instructions_per_inference <= theirs.instructions
    assert report.flash_bytes["total"] < theirs.flash and report.ram_bytes["arena"] < theirs.arena

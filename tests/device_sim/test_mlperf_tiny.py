"""MLPerf Tiny's trained int8 ResNet8 (CIFAR-10), where its folder is at hand: FP_MLPERF_TINY names it."""

import os
from pathlib import Path

import numpy as np
import pytest
from probe_firmware import require

from device_sim.verify import verify_model

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "mlperf_tiny"
MODEL = Path(os.environ.get("FP_MLPERF_TINY", BESIDE)) / "ic01_resnet8_int8.tflite"
# TensorFlow Lite Micro with CMSIS-NN on a Cortex-M4.
INSTRUCTIONS_OF_TFLM, FLASH_OF_TFLM, ARENA_OF_TFLM = 29_863_120, 51_696 + 98_496, 54_996
INSTRUCTIONS = 15_126_000  # measured with arm-none-eabi-gcc 12.2; a twentieth more fails

pytestmark = pytest.mark.skipif(not MODEL.is_file(), reason="data folder is missing")


def _images(count: int) -> np.ndarray:
    return np.random.default_rng(8).integers(-128, 128, (count, 32, 32, 3)).astype(np.int8)


@pytest.mark.qemu
def test_resnet8_equals_the_oracle_on_a_board() -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    report = verify_model(MODEL, "stm32f4_discovery", _images(3), emulator="qemu")
    assert (report.samples, report.mismatched_samples) == (3, 0), report.first_mismatch
    assert report.ram_bytes["arena"] < ARENA_OF_TFLM
    assert report.flash_bytes["total"] < FLASH_OF_TFLM
    assert report.instructions_per_inference is not None
    assert report.instructions_per_inference < min(1.05 * INSTRUCTIONS, INSTRUCTIONS_OF_TFLM)
    assert len(np.unique(report.outputs)) > 1


def test_resnet8_equals_the_oracle_in_a_sanitized_process() -> None:
    require("gcc")
    report = verify_model(MODEL, "mps2_an386", _images(4), emulator="native", sanitize=True)
    assert (report.samples, report.mismatched_samples) == (4, 0), report.first_mismatch

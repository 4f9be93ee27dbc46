"""A model on TensorFlow Lite Micro, plain, with TFLM_DECODE, and with our programs: flash, arena, instructions.

Each firmware is built from a checkout of TensorFlow Lite Micro, booted on QEMU's Cortex-M4, and compared with
tflite-micro on this machine byte for byte. Without a model: ResNet8 with 98 % of its weights zero at random.

    python benchmarks/tflm_runtime.py MODEL.tflite --tflm-dir TFLM
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.networks.catalogue import SPARSITY
from benchmarks.networks.masks import uniform
from benchmarks.networks.resnet8 import resnet8
from device_sim.emulators import start_emulator
from device_sim.samples import input_shape
from device_sim.session import open_link
from firmware_gen.boards import load_board
from firmware_gen.oracle import run_oracle
from firmware_gen.tflm_runtime import TflmFirmwareReport, TflmOptions, build_tflm_firmware
from firmware_gen.tflm_runtime.checkout import VARIABLE
from firmware_gen.tflm_runtime.convert import TflmWeights

BOARD = "mps2_an386"
WEIGHTS = ("plain", "decode", "program")


def instructions(model: Path, report: TflmFirmwareReport) -> int:
    """Of one inference.

    Raises:
        SystemExit: an output byte differs, so that the figure means nothing.
    """
    sample = np.random.default_rng(1).integers(-128, 128, (1, *input_shape(model))).astype(np.int8)
    expected = run_oracle(model, sample).outputs
    with start_emulator("qemu", report.elf, load_board(BOARD)) as emulated, open_link(emulated) as link:
        link.infer(sample.tobytes())  # the first one starts the interpreter
        result = link.infer(sample.tobytes())
        counted = emulated.instructions(result.ticks)
    if result.output != expected.tobytes() or counted is None:
        raise SystemExit(f"{report.weights}: the board's output is not that of tflite-micro")
    return round(counted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--tflm-dir", type=Path)
    parser.add_argument("--weights", choices=WEIGHTS, nargs="*", default=WEIGHTS)
    arguments = parser.parse_args()
    if arguments.tflm_dir is None and not os.environ.get(VARIABLE):
        print(f"nothing is measured: give --tflm-dir, or a checkout of TensorFlow Lite Micro in {VARIABLE}")
        return
    with tempfile.TemporaryDirectory(prefix="fp-tflm-") as folder:
        print_table(arguments.model or _resnet8(Path(folder)), arguments.weights, arguments.tflm_dir)


def _resnet8(folder: Path) -> Path:
    path = folder / "resnet8-98.tflite"
    path.write_bytes(resnet8(uniform(SPARSITY)))
    return path


def print_table(model: Path, variants: Sequence[TflmWeights], checkout: Path | None) -> None:
    """A row for each variant."""
    print(f"{'weights':10}{'kernels':>12}{'model':>12}{'flash':>12}{'arena':>10}{'instructions':>14}")
    for weights in variants:
        with tempfile.TemporaryDirectory(prefix="fp-tflm-") as folder:
            report = build_tflm_firmware(
                model, load_board(BOARD), Path(folder) / "project", TflmOptions(weights),
                target="board", checkout=checkout,
            )  # fmt: skip
            count = instructions(model, report)
        figures = f"{report.converted_bytes:12,}{report.flash_bytes['total']:12,}{report.arena.reserved:10,}{count:14,}"
        print(f"{weights:10}{report.kernels[:10]:>12}{figures}", flush=True)


if __name__ == "__main__":
    main()

"""Dense MLPerf Tiny models beside TensorFlow Lite Micro with CMSIS-NN: instructions of an inference, flash and RAM.

Ours is measured now: each firmware is built, booted on QEMU, which counts instructions, and compared with TensorFlow
Lite Micro on the host byte for byte. Theirs are constants, measured once in November 2026: TensorFlow Lite Micro
90b983c2 with CMSIS-NN 4ab83cc3, GCC 12.2, its own release flags, the same QEMU machines, instructions of one Invoke().
Flash is code, weights and all other constants; RAM is the arena with all scratch, without stack and link buffers.

ResNet8 is MLPerf Tiny's trained model where ``FP_MLPERF_TINY`` or ``../shared/mlperf_tiny`` has it. The others have the
layers of MLPerf Tiny's models and random weights without a zero: what is executed depends on sizes only, and a trained
model with zeros takes less. Run: ``python benchmarks/mlperf_tiny_instructions.py [--json]``.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from known_models import autoencoder, ds_cnn, mobilenet_v1_quarter

from device_sim.samples import input_shape
from device_sim.verify import verify_model

ROOT = Path(__file__).resolve().parents[1]
BOARDS = {"cortex-m4": "mps2_an386", "cortex-m7": "mps2_an500", "cortex-m55": "mps3_an547"}
RESNET8 = Path(os.environ.get("FP_MLPERF_TINY", ROOT.parent / "shared" / "mlperf_tiny")) / "ic01_resnet8_int8.tflite"
GENERATED = {"ds_cnn": ds_cnn, "mobilenet_v1_0.25": mobilenet_v1_quarter, "autoencoder": autoencoder}


@dataclass(frozen=True)
class Figures:
    """Of one model on one core: instructions of an inference, bytes of flash and of arena."""

    instructions: int
    flash: int
    ram: int


TFLM = {
    ("resnet8", "cortex-m4"): Figures(29_863_120, 51_696 + 98_496, 54_996),
    ("resnet8", "cortex-m7"): Figures(30_026_320, 50_300 + 98_496, 54_996),
    ("resnet8", "cortex-m55"): Figures(4_911_000, 41_984 + 98_496, 55_028),
    ("ds_cnn", "cortex-m4"): Figures(7_697_760, 53_892 + 53_936, 22_820),
    ("ds_cnn", "cortex-m7"): Figures(7_643_520, 52_276 + 53_936, 22_820),
    ("ds_cnn", "cortex-m55"): Figures(1_813_562, 45_240 + 53_936, 27_348),
    ("mobilenet_v1_0.25", "cortex-m4"): Figures(24_101_560, 53_892 + 333_288, 100_708),
    ("mobilenet_v1_0.25", "cortex-m7"): Figures(24_025_160, 52_276 + 333_288, 100_708),
    ("mobilenet_v1_0.25", "cortex-m55"): Figures(6_557_968, 45_240 + 333_288, 100_772),
    ("autoencoder", "cortex-m4"): Figures(582_920, 29_268 + 276_976, 2_580),
    ("autoencoder", "cortex-m7"): Figures(583_200, 26_772 + 276_976, 2_580),
    ("autoencoder", "cortex-m55"): Figures(149_968, 21_308 + 276_976, 9_268),
}
"""TensorFlow Lite Micro with CMSIS-NN; its arena on the Cortex-M7 is that of the Cortex-M4."""


def models(folder: Path) -> dict[str, Path]:
    """Files by name; ResNet8 only where it is at hand."""
    found = {"resnet8": RESNET8} if RESNET8.is_file() else {}
    for name, make in GENERATED.items():
        found[name] = folder / f"{name}.tflite"
        found[name].write_bytes(make(np.random.default_rng(len(name))))
    return found


def measure(model: Path, board: str) -> Figures:
    """Build, run and compare one model.

    Raises:
        SystemExit: an output byte differs, so that the figures mean nothing.
    """
    sample = np.random.default_rng(1).integers(-128, 128, (1, *input_shape(model))).astype(np.int8)
    report = verify_model(model, board, sample, emulator="qemu")
    if report.mismatched_samples or report.instructions_per_inference is None:
        raise SystemExit(f"error: {model.name} on {board} differs from {report.oracle}: {report.first_mismatch}")
    return Figures(report.instructions_per_inference, report.flash_bytes["total"], report.ram_bytes["arena"])


def row(name: str, core: str, ours: Figures) -> str:
    theirs = TFLM[name, core]
    pairs = ((ours.instructions, theirs.instructions), (ours.flash, theirs.flash), (ours.ram, theirs.ram))
    return f"{name:18} {core:10}" + "".join(f"{one:>12,}{other:>12,}{one / other:>6.2f}" for one, other in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", nargs="+", choices=BOARDS, default=list(BOARDS), help="default: all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    results = []
    if not options.json:
        print(
            "ours beside TensorFlow Lite Micro 90b983c2 with CMSIS-NN 4ab83cc3 (GCC 12.2; constants), and the ratio\n"
        )
        print(f"{'model':18} {'core':10}{'instructions':>24}{'':6}{'flash bytes':>24}{'':6}{'arena bytes':>24}")
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models(Path(folder)).items():
            for core in options.cores:
                ours = measure(model, BOARDS[core])
                results.append({"model": name, "core": core, "ours": asdict(ours), "tflm": asdict(TFLM[name, core])})
                if not options.json:
                    print(row(name, core, ours), flush=True)
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()

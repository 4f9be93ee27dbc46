"""Firmware beside TensorFlow Lite Micro with CMSIS-NN: models x cores, instructions of an inference, flash, RAM.

Ours is measured now: each firmware is built, booted on QEMU, which counts instructions, and compared with TensorFlow
Lite Micro on the host byte for byte. Theirs are constants (benchmarks/networks/tflm_figures.py). Flash is code, weights
and all other constants; the arena is RAM for tensors and scratch; "all RAM" adds ours reserved for the stack, and link
buffers.

resnet8 is MLPerf Tiny's trained model where ``FP_MLPERF_TINY`` or ``../shared/mlperf_tiny`` has it; the other dense
models have the layers of MLPerf Tiny's and random weights without a zero. vww-82.8% has a synthetic pattern of dead
channels. Of those with -98% the same part of every layer is zero, at random. Masks of pruners come from files:

    python -m benchmarks.networks.pruned_masks --model resnet18 --pruner synflow --out masks/resnet18-synflow.npz
    python benchmarks/firmware.py --masks masks
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.networks.catalogue import Model, catalogue
from benchmarks.networks.tflm_figures import CORES, Figures, tflm
from device_sim.samples import input_shape
from device_sim.verify import verify_model
from firmware_gen.encodings.choice import DEFAULT, MODES, Optimize

HEADINGS = f"{'model':20} {'core':10} {'instructions':>13}{'tflm':>13}{'ratio':>7}" + (
    f"{'flash':>11}{'tflm':>12}{'ratio':>7}{'arena':>10}{'tflm':>10}{'ratio':>7}{'all RAM':>10}"
)


@dataclass(frozen=True)
class Row:
    """One measurement and what stands beside it; ``all_ram`` is with stack and link buffers."""

    model: str
    core: str
    optimize: str
    ours: Figures
    tflm: Figures
    all_ram: int


def measure(model: Model, core: str, optimize: Optimize, folder: Path) -> Row:
    """Build, run and compare one model.

    Raises:
        SystemExit: an output byte differs, so that the figures mean nothing.
    """
    file = folder / f"{model.name.replace('%', '')}.tflite"
    if not file.is_file():
        file.write_bytes(model.make())
    sample = np.random.default_rng(1).integers(-128, 128, (1, *input_shape(file))).astype(np.int8)
    report = verify_model(file, CORES[core], sample, emulator="qemu", optimize=optimize)
    if report.mismatched_samples or report.instructions_per_inference is None:
        raise SystemExit(f"error: {model.name} on {core} differs from {report.oracle}: {report.first_mismatch}")
    ours = Figures(report.instructions_per_inference, report.flash_bytes["total"], report.ram_bytes["arena"])
    return Row(model.name, core, optimize, ours, tflm(model.peer, core), report.ram_bytes["total"])


def line(row: Row) -> str:
    """A row of the table; ratios say how many times as much TensorFlow Lite Micro takes."""
    pairs = zip(asdict(row.ours).values(), asdict(row.tflm).values(), (13, 11, 10), (13, 12, 10), strict=True)
    cells = "".join(f"{one:>{a},}{other:>{b},}{other / one:>7.2f}" for one, other, a, b in pairs)
    return f"{row.model:20} {row.core:10} {cells}{row.all_ram:>10,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--cores", nargs="+", choices=CORES, default=list(CORES), help="default: all")
    parser.add_argument("--optimize", choices=MODES, default=DEFAULT, help="for encodings (default: %(default)s)")
    parser.add_argument("--masks", type=Path, help="folder with masks of pruners")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    models = catalogue(options.masks)
    known = {model.name: model for model in models}
    if unknown := set(options.models or ()) - set(known):
        parser.error(f"unknown model {min(unknown)!r}; choose from: {', '.join(known)}")
    rows = []
    if not options.json:
        print(
            f"--optimize {options.optimize}; tflm: TensorFlow Lite Micro 90b983c2 with CMSIS-NN 4ab83cc3, constants\n"
        )
        print(HEADINGS)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models or known:
            for core in options.cores:
                rows.append(measure(known[name], core, options.optimize, Path(folder)))
                if not options.json:
                    print(line(rows[-1]), flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()

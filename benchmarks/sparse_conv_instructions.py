"""Instructions per kept multiply-accumulate of the convolution on a Cortex-M4: at 98 % zeros, and a dense classifier.

Requantisation, expanding the weights and filling the halo are included. The kernels are cross-compiled and run by
Unicorn, which counts instructions; these are no cycles. Run: ``python benchmarks/sparse_conv_instructions.py``.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "runtime"))

import cortex_m
import unicorn
from runtime_layers import Geometry, Layer
from runtime_structs import ENCODING_DENSE

CPU = "cortex-m4"
DENSITY = 0.02
SAME = (1, 1, 1, 1)
LAYERS = [
    Geometry("64->64 3x3, 32x32", (64, 64), (32, 32), padding=SAME, out_halo=SAME, density=DENSITY),
    Geometry("128->128 3x3, 16x16", (128, 128), (16, 16), padding=SAME, out_halo=SAME, density=DENSITY),
    Geometry("256->256 3x3, 8x8", (256, 256), (8, 8), padding=SAME, out_halo=SAME, density=DENSITY),
    Geometry("512->512 3x3, 4x4", (512, 512), (4, 4), padding=SAME, out_halo=SAME, density=DENSITY),
    Geometry(
        "64->128 3x3 stride 2, 32x32", (64, 128), (32, 32), padding=SAME, stride=(2, 2), out_halo=SAME, density=DENSITY
    ),
    Geometry("fully connected 4096->128", (256, 128), (4, 4), kernel=(4, 4), density=DENSITY),
    Geometry("fully connected 512->10, dense", (512, 10), (1, 1), (1, 1), density=1.0, encoding=ENCODING_DENSE),
]


@dataclass(frozen=True)
class Measurement:
    """One layer: exact counts."""

    name: str
    kept_weights: int
    kept_macs: int
    instructions: int

    @property
    def per_mac(self) -> float:
        """Instructions per multiply-accumulate with a kept weight."""
        return self.instructions / self.kept_macs


def measure(geometry: Geometry, elf: Path) -> Measurement:
    """Run one layer and check its output against NumPy.

    Raises:
        SystemExit: the output is wrong, so that the count means nothing.
    """
    layer = Layer(geometry)
    out, instructions = cortex_m.run_layer(cortex_m.CortexM(elf, CPU), layer)
    if not np.array_equal(out, layer.expected()):
        raise SystemExit(f"error: {geometry.name}: the output differs from NumPy's")
    return Measurement(geometry.name, int(np.count_nonzero(layer.weights)), layer.kept_macs, instructions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--option", default="-O2", help="optimisation level (default: %(default)s)")
    options = parser.parse_args()
    if cortex_m.MISSING:
        raise SystemExit(f"error: {cortex_m.MISSING}; install gcc-arm-none-eabi")
    print(f"{cortex_m.compiler_version()}, {options.option}, {CPU}; unicorn {unicorn.__version__}\n")
    print(f"{'layer':30} {'kept weights':>12} {'kept MACs':>12} {'instructions':>13} {'per kept MAC':>13}")
    with tempfile.TemporaryDirectory() as folder:
        elf = cortex_m.cross_compile(Path(folder), CPU, (options.option,))
        for geometry in LAYERS:
            m = measure(geometry, elf)
            print(f"{m.name:30} {m.kept_weights:12,} {m.kept_macs:12,} {m.instructions:13,} {m.per_mac:13.2f}")


if __name__ == "__main__":
    main()

"""Bytes and instructions of the encodings of weights: random 98 % masks on ResNet18's shapes, or a model's layers.

Weights are normally distributed and quantised by channel. Instructions are exact counts of whole layers on an emulated
Cortex-M4 (Unicorn), output checked; for models they are the generator's estimates. Run:
``python benchmarks/weight_encodings.py [MODEL.tflite ...]``.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "runtime"))

import cortex_m
from runtime_layers import Geometry, Layer

from benchmarks.sparse_conv_instructions import CPU, LAYERS
from firmware_gen.encodings import ENCODINGS
from firmware_gen.encodings.choice import MODES
from firmware_gen.encodings.gaps import entropy_bytes
from firmware_gen.report_build import analyze_model

HEADINGS = ("layer or model", "kept", "encoding", "bytes", "a kept weight", "of entropy", "instructions a kept MAC")


def quantised(geometry: Geometry) -> Layer:
    """The layer of a geometry with normally distributed weights."""
    layer = Layer(geometry)
    rng = np.random.default_rng(0)
    real = rng.normal(size=layer.weights.shape) * (layer.weights != 0)
    largest = np.maximum(np.abs(real).max(axis=(1, 2, 3), keepdims=True), 1e-9)
    rounded = np.rint(real / largest * 127)
    layer.weights = np.where((real != 0) & (rounded == 0), 1, rounded).astype(np.int8)
    return layer


def layer_rows(geometry: Geometry, elf: Path) -> Iterator[tuple[object, ...]]:
    """One row for each encoding but dense, whose bytes are known."""
    for number, encoding in enumerate(ENCODINGS[1:], 1):
        layer = quantised(replace(geometry, encoding=number))
        rows = layer.weights.reshape(len(layer.weights), -1)
        layer.stream = encoding.encode(rows)
        out, count = cortex_m.run_layer(cortex_m.CortexM(elf, CPU), layer)
        if not np.array_equal(out, layer.expected()):
            raise SystemExit(f"error: {geometry.name}: the output differs from NumPy's")
        kept, size = int(np.count_nonzero(rows)), len(layer.stream)
        yield (
            geometry.name, f"{kept:,}", encoding.name, f"{size:,}", f"{size / kept:.2f}",
            f"{size / entropy_bytes(rows):.2f}", f"{count / layer.kept_macs:.2f}",
        )  # fmt: skip


def model_rows(model: Path) -> Iterator[tuple[object, ...]]:
    """One row for each mode."""
    for mode in MODES:
        report = analyze_model(model, None, mode)
        size, kept = report.weight_bytes, report.weights_kept
        executed = sum(layer.macs_kept for layer in report.layers)
        yield (
            report.model, f"{kept:,}", f"--optimize {mode}", f"{size:,}", f"{size / kept:.2f}",
            f"{size / report.weight_entropy_bytes:.2f}", f"{report.instructions_estimate / executed:.2f} (estimate)",
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="int8 .tflite files instead of random layers")
    options = parser.parse_args()
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    for model in options.models:
        for row in model_rows(model):
            print("| " + " | ".join(map(str, row)) + " |")
    if options.models:
        return
    if cortex_m.MISSING:
        raise SystemExit(f"error: {cortex_m.MISSING}; install gcc-arm-none-eabi")
    with tempfile.TemporaryDirectory() as folder:
        elf = cortex_m.cross_compile(Path(folder), CPU)
        for geometry in (one for one in LAYERS if one.density < 1):
            for row in layer_rows(geometry, elf):
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()

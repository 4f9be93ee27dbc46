"""The generator's estimates of instructions against counts of the runtime on emulated cores."""

from dataclasses import replace
from pathlib import Path

import cortex_m
import numpy as np
import pytest
import qemu_m55
from conv_cases import SAME
from cortex_m import CortexM, cross_compile, run_layer
from runtime_layers import Geometry, Layer

from firmware_gen.encodings import ENCODINGS
from firmware_gen.encodings.cost import Workload, estimate

pytestmark = pytest.mark.skipif(bool(cortex_m.MISSING), reason=cortex_m.MISSING)

OFF_BY = 0.25
LAYERS = [
    Geometry("costs: 3x3 on 8x8", (32, 20), (8, 8), padding=SAME, out_halo=SAME, density=0.05),
    Geometry("costs: 1x1", (64, 24), (8, 8), (1, 1), density=0.2),
    Geometry("costs: 3x3, half dense", (16, 16), (8, 8), padding=SAME, out_halo=SAME, density=0.5),
    Geometry("costs: dot products", (500, 40), (1, 1), (1, 1), density=0.1),
]

VECTOR_LAYERS = [Geometry("costs: 3x3 on 16x16", (64, 20), (16, 16), padding=SAME, out_halo=SAME, density=0.02)]


def workload(layer: Layer) -> Workload:
    rows = layer.weights.reshape(len(layer.weights), -1)
    height, width = layer.geometry.out_size
    flat = (height - 1) * layer.in_plane.row_pitch + width
    blocks = min(height * -(-width // 8), -(-flat // 8))
    live, kept = int(rows.any(axis=1).sum()), int(np.count_nonzero(rows))
    quad = rows.shape[1] >= 4 and height * width > 1 and len(rows) >= 4
    dots = width % 4 == 0 and height * width <= 64 and layer.max_taps >= 12
    return Workload(len(rows), live, rows.shape[1], kept, height * width, blocks, layer.is_dot, quad, dots)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_compile(tmp_path_factory.mktemp("costs"), "cortex-m4")


def encoded(geometry: Geometry) -> list[Layer]:
    """The layer in every encoding."""
    layers = [Layer(replace(geometry, encoding=number)) for number in range(len(ENCODINGS))]
    for layer, encoding in zip(layers, ENCODINGS, strict=True):
        layer.stream = encoding.encode(layer.weights.reshape(len(layer.weights), -1))
    return layers


def check(layer: Layer, out: np.ndarray, count: float, core: str) -> None:
    name = ENCODINGS[layer.geometry.encoding].name
    assert np.array_equal(out, layer.expected()), name
    guess = estimate(name, len(layer.stream), workload(layer), core)
    assert guess == pytest.approx(count, rel=OFF_BY), f"{layer.geometry.name}, {name}"


@pytest.mark.parametrize("geometry", LAYERS, ids=lambda g: g.name)
def test_estimates_are_near_the_counts(elf: Path, geometry: Geometry) -> None:
    for layer in encoded(geometry):
        check(layer, *run_layer(CortexM(elf, "cortex-m4"), layer), "cortex-m4")


@pytest.mark.qemu
@pytest.mark.skipif(bool(qemu_m55.MISSING), reason=qemu_m55.MISSING)
def test_estimates_for_vectors_are_near_the_counts(tmp_path: Path) -> None:
    layers = [layer for geometry in (*LAYERS, *VECTOR_LAYERS) for layer in encoded(geometry)]
    for layer, (out, count) in zip(
        layers, qemu_m55.run_layers(qemu_m55.build(tmp_path), tmp_path, layers), strict=True
    ):
        check(layer, out, count, qemu_m55.CPU)

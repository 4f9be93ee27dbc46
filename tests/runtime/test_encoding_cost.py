"""The generator's estimates of instructions against exact counts of the runtime on an emulated Cortex-M4."""

from dataclasses import replace
from pathlib import Path

import cortex_m
import numpy as np
import pytest
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


def workload(layer: Layer) -> Workload:
    rows = layer.weights.reshape(len(layer.weights), -1)
    height, width = layer.geometry.out_size
    flat = (height - 1) * layer.in_plane.row_pitch + width
    blocks = min(height * -(-width // 8), -(-flat // 8))
    live, kept = int(rows.any(axis=1).sum()), int(np.count_nonzero(rows))
    quad = rows.shape[1] >= 4 and height * width > 1 and len(rows) >= 4
    return Workload(len(rows), live, rows.shape[1], kept, height * width, blocks, layer.is_dot, quad)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_compile(tmp_path_factory.mktemp("costs"), "cortex-m4")


@pytest.mark.parametrize("geometry", LAYERS, ids=lambda g: g.name)
def test_estimates_are_near_the_counts(elf: Path, geometry: Geometry) -> None:
    for number, encoding in enumerate(ENCODINGS):
        layer = Layer(replace(geometry, encoding=number))
        layer.stream = encoding.encode(layer.weights.reshape(len(layer.weights), -1))
        out, count = run_layer(CortexM(elf, "cortex-m4"), layer)
        assert np.array_equal(out, layer.expected()), encoding.name
        guess = estimate(encoding.name, len(layer.stream), workload(layer))
        assert guess == pytest.approx(count, rel=OFF_BY), encoding.name

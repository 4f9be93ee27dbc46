"""The vector kernels on QEMU's Cortex-M55: the host's cases bit for bit, and how many instructions they take."""

from pathlib import Path

import numpy as np
import pytest
import qemu_m55
from conv_cases import GEOMETRIES, SAME
from runtime_layers import Geometry, Layer
from runtime_structs import ENCODING_DENSE

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(bool(qemu_m55.MISSING), reason=qemu_m55.MISSING)]

# What GCC 12.2 was measured to need for each kept multiply-accumulate; tests allow 5 % more.
SPARSE = {"padding": SAME, "out_halo": SAME, "density": 0.02}
DENSE = {"density": 1.0, "encoding": ENCODING_DENSE}
MEASURED = [
    (Geometry("64 to 64", (64, 64), (32, 32), **SPARSE), 0.976),
    (Geometry("64 to 128", (64, 128), (32, 32), stride=(2, 2), **SPARSE), 1.44),
    (Geometry("512 to 512, 4x4", (512, 512), (4, 4), **SPARSE), 1.065),
    (Geometry("512 to 512, 2x2", (512, 512), (2, 2), **SPARSE), 2.80),
    (Geometry("16 to 16, dense", (16, 16), (32, 32), padding=SAME, out_halo=SAME, **DENSE), 0.254),
    (Geometry("64 to 64, dense 1x1", (64, 64), (25, 5), (1, 1), **DENSE), 0.341),
    (Geometry("64 depthwise", (64, 64), (25, 5), padding=SAME, groups=64, **DENSE), 1.92),
    (Geometry("640 to 128, dense", (640, 128), (1, 1), (1, 1), **DENSE), 0.223),
]
ALLOWANCE = 1.05


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return qemu_m55.build(tmp_path_factory.mktemp("m55"))


def test_layers_equal_numpy(elf: Path, tmp_path: Path) -> None:
    layers = [Layer(geometry) for geometry in GEOMETRIES]
    results = qemu_m55.run_layers(elf, tmp_path, layers)
    wrong = [one.geometry.name for one, (out, _) in zip(layers, results, strict=True) if (out != one.expected()).any()]
    assert not wrong


def test_instructions_per_kept_multiply_accumulate(elf: Path, tmp_path: Path) -> None:
    layers = [Layer(geometry) for geometry, _ in MEASURED]
    for layer, (out, count), (_, measured) in zip(
        layers, qemu_m55.run_layers(elf, tmp_path, layers), MEASURED, strict=True
    ):
        assert np.array_equal(out, layer.expected())
        assert count / layer.kept_macs <= measured * ALLOWANCE, layer.geometry.name


@pytest.mark.parametrize("options", [("-Os",), ("-O3",), ("-O0",)], ids=" ".join)
def test_other_optimisation_levels_agree(tmp_path: Path, options: tuple[str, ...]) -> None:
    layers = [Layer(geometry) for geometry in GEOMETRIES[:2]]
    for layer, (out, _) in zip(
        layers, qemu_m55.run_layers(qemu_m55.build(tmp_path, options), tmp_path, layers), strict=True
    ):
        assert np.array_equal(out, layer.expected())

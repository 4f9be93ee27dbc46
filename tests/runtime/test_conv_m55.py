"""The vector kernels on QEMU's Cortex-M55: the host's cases bit for bit, and how many instructions they take."""

from pathlib import Path

import numpy as np
import pytest
import qemu_m55
from conv_cases import GEOMETRIES, SAME
from runtime_layers import Geometry, Layer

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(bool(qemu_m55.MISSING), reason=qemu_m55.MISSING)]

# What GCC 12.2 was measured to need for each kept multiply-accumulate; tests allow 5 % more.
MEASURED = [
    (Geometry("64 to 64", (64, 64), (32, 32), padding=SAME, out_halo=SAME, density=0.02), 0.97),
    (Geometry("64 to 128", (64, 128), (32, 32), padding=SAME, stride=(2, 2), out_halo=SAME, density=0.02), 1.89),
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

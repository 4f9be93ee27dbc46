"""The cross-compiled kernels: the host's cases bit for bit, and how many instructions they take."""

import struct
from pathlib import Path

import cortex_m
import numpy as np
import pytest
from conv_cases import GEOMETRIES, SAME
from cortex_m import CortexM, cross_compile, run_layer
from numpy_reference import requantize
from runtime_layers import Geometry, Layer
from runtime_structs import ENCODING_DENSE, ENCODING_GAP8, FP_OK, READER_BYTES
from unicorn import UcError
from weight_streams import gap8_row

pytestmark = pytest.mark.skipif(bool(cortex_m.MISSING), reason=cortex_m.MISSING)

# What GCC 12.2 was measured to need for each kept multiply-accumulate; tests allow 5 % more.
MEASURED = [
    (Geometry("64 to 64", (64, 64), (32, 32), padding=SAME, out_halo=SAME, density=0.02), 3.20),
    (Geometry("512 to 512, 4x4", (512, 512), (4, 4), padding=SAME, out_halo=SAME, density=0.02), 4.50),
    (Geometry("4096 to 128", (256, 128), (4, 4), (4, 4), density=0.02), 9.96),
    (Geometry("4096 to 128, dense", (256, 128), (4, 4), (4, 4), density=1.0, encoding=ENCODING_DENSE), 1.58),
]
DENSE = {"density": 1.0, "encoding": ENCODING_DENSE}
SPARSE_3X3 = Geometry("32 to 16", (32, 16), (16, 16), padding=SAME, out_halo=SAME, density=0.02)
DENSE_3X3 = Geometry("16 to 16, dense", (16, 16), (8, 8), padding=SAME, out_halo=SAME, **DENSE)
DENSE_1X1 = Geometry("64 to 64, dense 1x1", (64, 64), (5, 5), (1, 1), **DENSE)
DEPTHWISE = Geometry("16 depthwise", (16, 16), (16, 16), padding=SAME, out_halo=SAME, groups=16, **DENSE)
MEASURED_ON = [
    ("cortex-m4", DENSE_3X3, 1.22),
    ("cortex-m4", DENSE_1X1, 1.44),
    ("cortex-m4", DEPTHWISE, 3.71),
    ("cortex-m3", SPARSE_3X3, 6.21),
    ("cortex-m3", DENSE_3X3, 3.19),
    ("cortex-m3", DEPTHWISE, 5.02),
    ("cortex-m0plus", SPARSE_3X3, 20.1),
    ("cortex-m0plus", DENSE_3X3, 6.71),
]
MEASURED_PER_TAP = 12.8
ALLOWANCE = 1.05


@pytest.fixture(scope="module")
def elves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cortex_m")
    return {cpu: cross_compile(folder, cpu) for cpu in cortex_m.MODELS}


@pytest.mark.parametrize("cpu", ["cortex-m4", "cortex-m0plus"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: g.name)
def test_layer_equals_numpy(elves: dict[str, Path], geometry: Geometry, cpu: str) -> None:
    layer = Layer(geometry)
    out, _ = run_layer(CortexM(elves[cpu], cpu), layer)
    wrong = np.flatnonzero(out != layer.expected())
    assert wrong.size == 0, f"{wrong.size} bytes differ, the first at {wrong[0]}"


@pytest.mark.parametrize(("geometry", "measured"), MEASURED, ids=lambda v: getattr(v, "name", ""))
def test_instructions_per_kept_multiply_accumulate(elves: dict[str, Path], geometry: Geometry, measured: float) -> None:
    layer = Layer(geometry)
    out, instructions = run_layer(CortexM(elves["cortex-m4"], "cortex-m4"), layer)
    assert np.array_equal(out, layer.expected())
    each = instructions / layer.kept_macs
    assert each <= measured * ALLOWANCE, f"{each:.3f} instructions per kept multiply-accumulate"


@pytest.mark.parametrize(("cpu", "geometry", "measured"), MEASURED_ON, ids=lambda v: getattr(v, "name", str(v)))
def test_instructions_on_each_core(elves: dict[str, Path], cpu: str, geometry: Geometry, measured: float) -> None:
    layer = Layer(geometry)
    out, instructions = run_layer(CortexM(elves[cpu], cpu), layer)
    assert np.array_equal(out, layer.expected())
    each = instructions / layer.kept_macs
    assert each <= measured * ALLOWANCE, f"{each:.3f} instructions per kept multiply-accumulate"


def test_instructions_per_tap(elves: dict[str, Path]) -> None:
    """A row of a 512 channel 3x3 layer at 98 % zeros, with an escape here and there."""
    row = Layer(Geometry("row", (512, 1), (3, 3), density=0.02)).weights.reshape(-1)
    kept, stream = np.count_nonzero(row), gap8_row(row)
    core = CortexM(elves["cortex-m4"], "cortex-m4")
    data, positions = core.place(stream), core.place(np.arange(9, dtype="<u4").tobytes(), 4)
    reader = core.place(bytes(READER_BYTES), 4)
    core.call("fp_reader_open", reader, ENCODING_GAP8, data, len(stream), 0)
    geometry = core.place(struct.pack("<4I", positions, 9, 25, row.size), 4)
    taps = core.place(bytes(4 * (kept + 1)), 4)
    result = core.call("fp_taps_expand", reader, geometry, taps, kept)
    assert result.value == FP_OK
    each = result.instructions / kept
    assert each <= MEASURED_PER_TAP * ALLOWANCE, f"{each:.3f} instructions per tap"


def test_the_count_is_exact(elves: dict[str, Path]) -> None:
    """Counting block by block gives what a hook on every instruction gives.

    The hook does not see instructions that a false condition skips; the core fetches them, and QEMU counts them too.
    The straight loop of the self-test input has none, the convolution a few.
    """
    core = CortexM(elves["cortex-m4"], "cortex-m4")
    steps = core.count_steps()
    plain = core.call("fp_model_selftest_input", core.place(bytes(1031)), 1031)
    assert plain.instructions == steps[0]
    steps[0] = 0
    _, instructions = run_layer(core, Layer(GEOMETRIES[0]))
    assert steps[0] <= instructions <= 1.001 * steps[0]


def test_a_stray_access_is_noticed(elves: dict[str, Path]) -> None:
    core = CortexM(elves["cortex-m4"], "cortex-m4")
    buffer = core.place(bytes(64))
    core.call("fp_model_selftest_input", buffer, 64)
    with pytest.raises(UcError):
        core.call("fp_model_selftest_input", buffer, 65)


@pytest.mark.parametrize("exponent", [1, 2, 9, 22])
def test_short_requantisation_on_the_core(elves: dict[str, Path], exponent: int) -> None:
    rng = np.random.default_rng(exponent)
    limit = (1 << 30) - 1
    step = 1 << exponent
    ties = step * np.arange(-300, 300)
    x = np.concatenate([ties, ties + 1, ties - 1, rng.integers(-limit, limit, 500), [limit, -limit, 0]])
    x = x[np.abs(x) <= limit]
    core = CortexM(elves["cortex-m4"], "cortex-m4")
    source = core.place(x.astype(np.int32).tobytes(), 4)
    target = core.place(bytes(x.size))
    for multiplier in (1 << 30, 1518500250, (1 << 31) - 1):
        core.call("probe_lanes", source, x.size, multiplier, -exponent, -5, target)
        scaled = requantize(x, np.int64(multiplier), np.int64(-exponent))
        result = np.frombuffer(core.read(target, x.size), np.int8)
        assert np.array_equal(result, np.clip(scaled - 5, -128, 127))


@pytest.mark.parametrize("options", [("-Os",), ("-O3",), ("-O0",)], ids=" ".join)
def test_other_optimisation_levels_agree(tmp_path: Path, options: tuple[str, ...]) -> None:
    elf = cross_compile(tmp_path, "cortex-m4", options)
    layer = Layer(GEOMETRIES[0])
    assert np.array_equal(run_layer(CortexM(elf, "cortex-m4"), layer)[0], layer.expected())

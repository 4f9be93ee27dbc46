"""Average and maximum pooling against NumPy."""

import ctypes
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from host_runtime import GUARD, POISON, HostRuntime, assert_guards_intact, guarded, inside
from numpy_reference import pool
from runtime_structs import FP_ERR_ARGUMENT, FP_OK, POOL_AVERAGE, POOL_MAX, Plane
from runtime_structs import Pool as PoolStruct


@dataclass(frozen=True)
class Case:
    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    out: tuple[int, int]
    pad: tuple[int, int] = (0, 0)
    in_halo: tuple[int, int, int, int] = (0, 0, 0, 0)
    out_halo: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: tuple[int, int] = (-128, 127)
    channels: int = 5

    def planes(self) -> tuple[Plane, Plane]:
        return Plane(self.channels, *self.size, self.in_halo, -9), Plane(self.channels, *self.out, self.out_halo, 17)


CASES = [
    Case((8, 8), (2, 2), (2, 2), (4, 4)),
    Case((8, 8), (2, 2), (2, 2), (4, 4), in_halo=(1, 1, 1, 1), out_halo=(1, 1, 1, 1)),
    Case((7, 11), (3, 3), (2, 2), (4, 6), pad=(1, 1), out_halo=(2, 2, 3, 1)),
    Case((7, 11), (3, 5), (1, 3), (7, 4), pad=(1, 2)),
    Case((5, 3), (5, 3), (1, 1), (1, 1)),
    Case((13, 17), (13, 17), (13, 17), (1, 1)),
    Case((7, 7), (4, 4), (3, 3), (3, 3), pad=(1, 1), activation=(-20, 30)),
    Case((3, 3), (3, 3), (3, 3), (2, 2), pad=(2, 2)),
]


def struct_of(case: Case, kind: int) -> PoolStruct:
    source, target = case.planes()
    struct = PoolStruct()
    setattr(struct, "in", source.struct())
    struct.out, struct.kind = target.struct(), kind
    struct.kernel_height, struct.kernel_width = case.kernel
    struct.stride_height, struct.stride_width = case.stride
    struct.pad_top, struct.pad_left = case.pad
    struct.activation_min, struct.activation_max = case.activation
    return struct


def run(runtime: HostRuntime, struct: Any, data: Any, out_bytes: int) -> tuple[int, Any]:
    source = guarded(data)
    out = guarded(np.full(out_bytes, POISON, np.uint8).view(np.int8))
    status = runtime.library.fp_pool_run(ctypes.byref(struct), inside(source), inside(out))
    assert_guards_intact(out)
    return status, out[GUARD:-GUARD]


@pytest.mark.parametrize("kind", [POOL_AVERAGE, POOL_MAX])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pool_equals_numpy(runtime: HostRuntime, case: Case, kind: int) -> None:
    source, target = case.planes()
    rng = np.random.default_rng(CASES.index(case))
    for low, high in ((-128, 128), (-3, 4), (-128, -127), (127, 128)):
        x = rng.integers(low, high, (case.channels, *case.size)).astype(np.int8)
        status, out = run(runtime, struct_of(case, kind), source.pack(x), target.bytes)
        window = {"kernel": case.kernel, "stride": case.stride, "pad": case.pad, "out_size": case.out}
        values = pool(x, average=kind == POOL_AVERAGE, **window)
        expected = target.pack(np.clip(values, *case.activation).astype(np.int8))
        assert status == FP_OK
        assert np.array_equal(out, expected)


def test_average_ties_go_away_from_zero(runtime: HostRuntime) -> None:
    case = Case((2, 2), (2, 2), (1, 1), (1, 1), channels=4)
    x = np.array([[1, 1, 0, 0], [-1, -1, 0, 0], [1, 2, 3, 4], [-1, -2, -3, -4]], np.int8).reshape(4, 2, 2)
    status, out = run(runtime, struct_of(case, POOL_AVERAGE), x.ravel(), 4)
    assert status == FP_OK
    assert out.tolist() == [1, -1, 3, -3]


BAD = {
    "kind": {"kind": 2},
    "kernel 0": {"kernel_height": 0},
    "stride 0": {"stride_width": 0},
    "padding as large as the kernel": {"pad_left": 2},
    "window below the input": {"stride_height": 3},
    "activation range reversed": {"activation_min": 127, "activation_max": 0},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused(runtime: HostRuntime, name: str) -> None:
    struct = struct_of(CASES[0], POOL_MAX)
    for field, value in BAD[name].items():
        setattr(struct, field, value)
    status, out = run(runtime, struct, np.zeros(320, np.int8), 80)
    assert status == FP_ERR_ARGUMENT
    assert (out.view(np.uint8) == POISON).all()


def test_unequal_channels_are_refused(runtime: HostRuntime) -> None:
    struct = struct_of(CASES[0], POOL_MAX)
    struct.out = replace(CASES[0].planes()[1], channels=4).struct()
    assert run(runtime, struct, np.zeros(320, np.int8), 80)[0] == FP_ERR_ARGUMENT

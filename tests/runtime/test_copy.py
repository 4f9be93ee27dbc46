"""fp_copy refuses boxes that leave their tensors, and copies others element by element."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from host_runtime import HostRuntime
from runtime_structs import FP_ERR_ARGUMENT, FP_OK

_U32, _I32 = ctypes.c_uint32, ctypes.c_int32
IN_BYTES, OUT_BYTES = 40, 50


class Copy(ctypes.Structure):
    _fields_ = (
        *((name, _U32) for name in ("in_bytes", "out_bytes", "in_offset", "out_offset")),
        ("count", _U32 * 3),
        ("in_step", _I32 * 3),
        ("out_step", _I32 * 3),
        ("fill", ctypes.c_uint8),
        ("fill_value", ctypes.c_int8),
    )


def _copy() -> Copy:
    """2 x 3 x 4 elements, read backwards along the second axis; they end at byte 39 and byte 49."""
    triple = _I32 * 3
    return Copy(IN_BYTES, OUT_BYTES, 21, 3, (_U32 * 3)(2, 3, 4), triple(15, -10, 1), triple(4, 18, 2), 1, -7)


def _run(runtime: HostRuntime, copy: Copy) -> tuple[int, np.ndarray, np.ndarray]:
    source = np.arange(IN_BYTES, dtype=np.int8)
    target = np.full(OUT_BYTES + 8, 0x55, np.int8)
    status = runtime.library.fp_copy_run(
        ctypes.byref(copy), source.ctypes.data_as(ctypes.c_void_p), target.ctypes.data_as(ctypes.c_void_p)
    )
    return status, source, target


def test_elements_go_where_they_should(runtime: HostRuntime) -> None:
    status, source, target = _run(runtime, _copy())
    assert status == FP_OK
    expected = np.full(OUT_BYTES + 8, 0x55, np.int8)
    expected[:OUT_BYTES] = -7
    for i, j, k in np.ndindex(2, 3, 4):
        expected[3 + 4 * i + 18 * j + 2 * k] = source[21 + 15 * i - 10 * j + k]
    np.testing.assert_array_equal(target, expected)


BAD: dict[str, Callable[[Copy], object]] = {
    "starts before": lambda copy: setattr(copy, "in_offset", 19),
    "ends behind": lambda copy: setattr(copy, "in_offset", 22),
    "input too short": lambda copy: setattr(copy, "in_bytes", 39),
    "output too short": lambda copy: setattr(copy, "out_bytes", 49),
    "no element": lambda copy: copy.count.__setitem__(1, 0),
    "huge count": lambda copy: copy.count.__setitem__(0, 0xFFFFFFFF),
    "huge step": lambda copy: copy.out_step.__setitem__(0, -(1 << 31)),
    "huge tensor": lambda copy: setattr(copy, "in_bytes", 1 << 31),
}


@pytest.mark.parametrize("name", BAD)
def test_boxes_that_do_not_fit_are_refused(runtime: HostRuntime, name: str) -> None:
    copy = _copy()
    BAD[name](copy)
    status, _, target = _run(runtime, copy)
    assert status == FP_ERR_ARGUMENT
    assert (target == 0x55).all()

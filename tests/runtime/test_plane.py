"""Planar tensors: halo filling and the way from NHWC and back."""

import ctypes
from typing import Any

import numpy as np
import pytest
from host_runtime import GUARD, HostRuntime, assert_guards_intact, guarded, inside, plane_struct
from numpy.typing import NDArray
from runtime_structs import FP_ERR_ARGUMENT, FP_OK, Plane

PLANES = [
    Plane(1, 1, 1),
    Plane(7, 1, 1, zero_point=3),
    Plane(1, 5, 11),
    Plane(3, 5, 11, (1, 1, 1, 1), -128),
    Plane(3, 5, 11, (2, 0, 0, 3), 127),
    Plane(3, 5, 11, (0, 1, 0, 1), -1),
    Plane(5, 1, 7, (0, 0, 2, 2), 9),
    Plane(5, 7, 1, (3, 2, 0, 0), 9),
    Plane(2, 3, 4, (0, 0, 1, 0), 9),
]


def elements(plane: Plane) -> NDArray[np.int8]:
    values = np.arange(plane.channels * plane.height * plane.width) * 37 % 251 - 125
    return values.astype(np.int8).reshape(plane.channels, plane.height, plane.width)


def dirty(size: int) -> Any:
    return guarded(np.full(size, 0x55, np.int8))


@pytest.mark.parametrize("plane", PLANES)
def test_from_nhwc_and_back(runtime: HostRuntime, plane: Plane) -> None:
    chw = elements(plane)
    nhwc = guarded(np.ascontiguousarray(chw.transpose(1, 2, 0)).ravel())
    data = dirty(plane.bytes)
    struct = plane.struct()
    assert runtime.library.fp_plane_from_nhwc(ctypes.byref(struct), inside(nhwc), inside(data)) == FP_OK
    assert_guards_intact(data)
    assert np.array_equal(data[GUARD:-GUARD], plane.pack(chw))
    back = dirty(chw.size)
    assert runtime.library.fp_plane_to_nhwc(ctypes.byref(struct), inside(data), inside(back)) == FP_OK
    assert_guards_intact(back)
    assert np.array_equal(back, np.concatenate([back[:GUARD], nhwc[GUARD:-GUARD], back[-GUARD:]]))


@pytest.mark.parametrize("plane", PLANES)
def test_fill_halo_leaves_elements(runtime: HostRuntime, plane: Plane) -> None:
    chw = elements(plane)
    data = dirty(plane.bytes)
    data[GUARD:-GUARD][plane.indices()] = chw
    struct = plane.struct()
    runtime.library.fp_plane_fill_halo(ctypes.byref(struct), inside(data))
    assert_guards_intact(data)
    assert np.array_equal(data[GUARD:-GUARD], plane.pack(chw))


@pytest.mark.parametrize("plane", [Plane(7, 1, 1), Plane(1, 5, 11)])
def test_conversion_in_place(runtime: HostRuntime, plane: Plane) -> None:
    data = guarded(elements(plane).ravel())
    before = data.copy()
    struct = plane.struct()
    assert runtime.library.fp_plane_from_nhwc(ctypes.byref(struct), inside(data), inside(data)) == FP_OK
    assert runtime.library.fp_plane_to_nhwc(ctypes.byref(struct), inside(data), inside(data)) == FP_OK
    assert np.array_equal(data, before)


BAD_PLANES = [
    {"channels": 0},
    {"height": 0},
    {"width": 0},
    {"row_pitch": 10},
    {"bytes": PLANES[3].origin},
    {"origin": PLANES[3].bytes},
    {"channel_pitch": 20},
    {"channel_pitch": 0xFFFFFFFF},
    {"origin": 0xFFFFFFFF},
]


@pytest.mark.parametrize("changes", BAD_PLANES, ids=str)
def test_impossible_planes_are_refused(runtime: HostRuntime, changes: dict[str, int]) -> None:
    struct = plane_struct(PLANES[3], **changes)
    data, nhwc = dirty(PLANES[3].bytes), dirty(200)
    library = runtime.library
    assert library.fp_plane_check(ctypes.byref(struct)) == FP_ERR_ARGUMENT
    assert library.fp_plane_from_nhwc(ctypes.byref(struct), inside(nhwc), inside(data)) == FP_ERR_ARGUMENT
    assert library.fp_plane_to_nhwc(ctypes.byref(struct), inside(data), inside(nhwc)) == FP_ERR_ARGUMENT
    assert (data[GUARD:-GUARD] == 0x55).all() and (nhwc[GUARD:-GUARD] == 0x55).all()


def test_null_pointers_are_refused(runtime: HostRuntime) -> None:
    library, data, struct = runtime.library, dirty(PLANES[3].bytes), PLANES[3].struct()
    assert library.fp_plane_check(None) == FP_ERR_ARGUMENT
    for convert in (library.fp_plane_from_nhwc, library.fp_plane_to_nhwc):
        assert convert(None, inside(data), inside(data)) == FP_ERR_ARGUMENT
        assert convert(ctypes.byref(struct), None, inside(data)) == FP_ERR_ARGUMENT
        assert convert(ctypes.byref(struct), inside(data), None) == FP_ERR_ARGUMENT


def test_selftest_input(runtime: HostRuntime) -> None:
    data = dirty(1031)
    runtime.library.fp_model_selftest_input(inside(data), 1031)
    assert_guards_intact(data)
    expected = [((i + 1) * 2654435761 % 2**32) >> 24 for i in range(1031)]
    assert data[GUARD:-GUARD].view(np.uint8).tolist() == expected

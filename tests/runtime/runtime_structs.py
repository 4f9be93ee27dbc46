"""The runtime's structs for ctypes, for the host and for a 32-bit Cortex-M, and the planar layout."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FP_OK, FP_ERR_ARGUMENT, FP_ERR_ENCODING, FP_ERR_CAPACITY = 0, -1, -2, -3
ENCODING_DENSE, ENCODING_GAP8, ENCODING_GAP4, ENCODING_ENTROPY = range(4)
TABLE_BYTES = (0, 0, 0, 2 * (32 * 4 + 256))
POOL_AVERAGE, POOL_MAX = 0, 1
ARENA_SLACK = 16
TAP_END = 0xFFFFFFFF

_U8, _U16, _U32, _I8 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int8


class PlaneStruct(ctypes.Structure):
    _fields_ = (
        *((name, _U16) for name in ("channels", "height", "width", "row_pitch")),
        *((name, _U32) for name in ("channel_pitch", "origin", "bytes")),
        ("zero_point", _I8),
    )


def conv_struct(pointer: Any) -> type[ctypes.Structure]:
    """fp_conv with pointers of the given ctypes integer type."""
    bytes_ = ("encoding", "per_channel", "kernel_height", "kernel_width", "stride_height", "stride_width")
    more = ("dilation_height", "dilation_width", "pad_top", "pad_left")
    fields = [("in", PlaneStruct), ("out", PlaneStruct), ("weights", pointer), ("weight_bytes", _U32)]
    fields += [(name, pointer) for name in ("bias", "multiplier", "shift")]
    fields += [(name, _U8) for name in bytes_ + more]
    fields += [("activation_min", _I8), ("activation_max", _I8), ("groups", _U16), ("max_taps", _U32)]
    return type("ConvStruct", (ctypes.Structure,), {"_fields_": fields})


def pool_struct() -> type[ctypes.Structure]:
    names = ("kind", "kernel_height", "kernel_width", "stride_height", "stride_width", "pad_top", "pad_left")
    fields = [("in", PlaneStruct), ("out", PlaneStruct), *((name, _U8) for name in names)]
    fields += [("activation_min", _I8), ("activation_max", _I8)]
    return type("PoolStruct", (ctypes.Structure,), {"_fields_": fields})


HostConv = conv_struct(ctypes.c_uint64 if ctypes.sizeof(ctypes.c_void_p) == 8 else ctypes.c_uint32)
TargetConv = conv_struct(ctypes.c_uint32)
Pool = pool_struct()


class TapGeometry(ctypes.Structure):
    _fields_ = (
        ("position", ctypes.c_void_p),
        *((name, _U32) for name in ("kernel_area", "channel_pitch", "weights_per_channel")),
    )


READER_BYTES = 80  # fp_weight_reader takes no more, on any machine


@dataclass(frozen=True)
class Plane:
    """A planar tensor with a halo of (top, bottom, left, right), laid out as fp_plane.h draws it."""

    channels: int
    height: int
    width: int
    halo: tuple[int, int, int, int] = (0, 0, 0, 0)
    zero_point: int = 0

    @property
    def row_pitch(self) -> int:
        return self.width + max(self.halo[2:])

    @property
    def channel_pitch(self) -> int:
        return (self.height + max(self.halo[:2])) * self.row_pitch

    @property
    def origin(self) -> int:
        return self.halo[0] * self.row_pitch + self.halo[2]

    @property
    def bytes(self) -> int:
        rows = (self.height - 1 + self.halo[1]) * self.row_pitch
        return self.origin + (self.channels - 1) * self.channel_pitch + rows + self.width + self.halo[3]

    def struct(self) -> PlaneStruct:
        fields = (self.channels, self.height, self.width, self.row_pitch)
        return PlaneStruct(*fields, self.channel_pitch, self.origin, self.bytes, self.zero_point)

    def indices(self) -> NDArray[np.int64]:
        """Byte offset of every element, (channels, height, width)."""
        c, y, x = np.ogrid[: self.channels, : self.height, : self.width]
        return self.origin + c * self.channel_pitch + y * self.row_pitch + x

    def pack(self, chw: NDArray[np.int8]) -> NDArray[np.int8]:
        """The tensor's bytes, halo included."""
        data = np.full(self.bytes, self.zero_point, np.int8)
        data[self.indices()] = chw
        return data

    def unpack(self, data: NDArray[np.int8]) -> NDArray[np.int8]:
        return data[self.indices()]

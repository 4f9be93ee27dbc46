"""Convolution layers as test cases: geometry, random data, the C struct and the expected output."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from numpy_reference import convolve, requantize
from runtime_structs import ENCODING_DENSE, ENCODING_GAP8, TABLE_BYTES, Plane
from weight_streams import encode


@dataclass(frozen=True)
class Geometry:
    """Shapes and options; the data follow from the name, so that every run sees the same."""

    name: str
    channels: tuple[int, int]
    size: tuple[int, int]
    kernel: tuple[int, int] = (3, 3)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    out_halo: tuple[int, int, int, int] = (0, 0, 0, 0)
    in_halo: tuple[int, int, int, int] | None = None  # None: as large as the padding
    groups: int = 1
    density: float = 0.5
    per_channel: bool = True
    encoding: int = ENCODING_GAP8
    activation: tuple[int, int] = (-128, 127)
    shifts: tuple[int, int] = (-10, -3)
    bias_limit: int = 2000
    zero_points: tuple[int, int] = (-7, 11)

    @property
    def out_size(self) -> tuple[int, int]:
        reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        pads = (sum(self.padding[:2]), sum(self.padding[2:]))
        height, width = ((self.size[i] + pads[i] - reach[i]) // self.stride[i] + 1 for i in (0, 1))
        return height, width


class Layer:
    """A geometry filled with data."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = g = geometry
        rng = np.random.default_rng(zlib.crc32(g.name.encode()))
        self.in_plane = Plane(g.channels[0], *g.size, g.in_halo or g.padding, g.zero_points[0])
        self.out_plane = Plane(g.channels[1], *g.out_size, g.out_halo, g.zero_points[1])
        self.x = rng.integers(-128, 128, (g.channels[0], *g.size)).astype(np.int8)
        self.weights = _sparse(rng, (g.channels[1], g.channels[0] // g.groups, *g.kernel), g.density)
        self.bias = rng.integers(-g.bias_limit, g.bias_limit + 1, g.channels[1])
        scales = g.channels[1] if g.per_channel else 1
        self.multiplier = rng.integers(1 << 30, 1 << 31, scales).astype(np.int32)
        self.shift = rng.integers(g.shifts[0], g.shifts[1] + 1, scales).astype(np.int8)

    @property
    def kept_macs(self) -> int:
        """Multiply-accumulates with a kept weight; padding counts, as it does in a dense layer's figure."""
        return int(np.count_nonzero(self.weights)) * self.out_plane.height * self.out_plane.width

    @property
    def max_taps(self) -> int:
        return int(np.count_nonzero(self.weights.reshape(len(self.weights), -1), axis=1).max())

    @property
    def is_dot(self) -> bool:
        """One window whose bytes follow one another in the order of the weights."""
        g, plane = self.geometry, self.in_plane
        y, x = np.ogrid[: g.kernel[0], : g.kernel[1]]
        window = (y * g.dilation[0] * plane.row_pitch + x * g.dilation[1]).reshape(-1)
        offsets = (np.arange(g.channels[0])[:, None] * plane.channel_pitch + window).reshape(-1)
        return g.out_size == (1, 1) and g.groups == 1 and bool((np.diff(offsets) == 1).all())

    @property
    def is_quad(self) -> bool:
        """Dense weights and several positions."""
        g = self.geometry
        several = g.out_size[0] * g.out_size[1] > 1 and g.channels[1] // g.groups >= 4
        return g.encoding == ENCODING_DENSE and self.weights[0].size >= 4 and several

    @property
    def scratch_bytes(self) -> int:
        area = self.geometry.kernel[0] * self.geometry.kernel[1]
        tables = TABLE_BYTES[self.geometry.encoding]
        if self.is_dot:
            return tables
        if self.is_quad:
            taps = self.weights[0].size
            return 4 * min(4, taps // area) * area + 2 * 4 * (taps + -taps % 4)
        return tables + 4 * (area + (self.max_taps // 8 + 1) * 8)

    @property
    def folded_bias(self) -> NDArray[np.int32]:
        sums = self.weights.astype(np.int64).sum(axis=(1, 2, 3))
        return (self.bias - self.in_plane.zero_point * sums).astype(np.int32)

    @cached_property
    def stream(self) -> bytes:
        return encode(self.weights, self.geometry.encoding)

    def expected(self) -> NDArray[np.int8]:
        """The planar output, halo included."""
        g = self.geometry
        options = {"padding": g.padding, "stride": g.stride, "dilation": g.dilation, "groups": g.groups}
        sums = convolve(self.x, self.weights, self.bias, zero_point=self.in_plane.zero_point, **options)
        multiplier = self.multiplier.astype(np.int64)[:, None, None]
        scaled = requantize(sums, multiplier, self.shift.astype(np.int64)[:, None, None])
        clamped = np.clip(scaled + self.out_plane.zero_point, *g.activation)
        return self.out_plane.pack(clamped.astype(np.int8))

    def struct(self, struct_type: Any, place: Callable[[bytes], int]) -> Any:
        """An fp_conv whose arrays ``place`` has put somewhere; it returns their addresses."""
        g = self.geometry
        conv = struct_type()
        setattr(conv, "in", self.in_plane.struct())
        conv.out = self.out_plane.struct()
        conv.weights, conv.weight_bytes = place(self.stream), len(self.stream)
        conv.bias = place(self.folded_bias.tobytes())
        conv.multiplier, conv.shift = place(self.multiplier.tobytes()), place(self.shift.tobytes())
        conv.encoding, conv.per_channel = g.encoding, int(g.per_channel)
        conv.kernel_height, conv.kernel_width = g.kernel
        conv.stride_height, conv.stride_width = g.stride
        conv.dilation_height, conv.dilation_width = g.dilation
        conv.pad_top, conv.pad_left = g.padding[0], g.padding[2]
        conv.activation_min, conv.activation_max = g.activation
        conv.groups, conv.max_taps = g.groups, self.max_taps
        return conv


def _sparse(rng: np.random.Generator, shape: tuple[int, ...], density: float) -> NDArray[np.int8]:
    """Exactly round(density * size) weights that are not zero, at random places."""
    size = int(np.prod(shape))
    values = rng.choice(np.setdiff1d(np.arange(-128, 128), [0]), size)
    weights = np.zeros(size, np.int8)
    kept = rng.permutation(size)[: round(density * size)]
    weights[kept] = values[kept]
    return weights.reshape(shape)

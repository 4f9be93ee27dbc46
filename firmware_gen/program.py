"""The lowered model: buffers in one arena, and calls into the C runtime. Twins of the runtime's structs."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from firmware_gen.encodings import EncodedWeights
from firmware_gen.graph import Padding, Window
from firmware_gen.quantise import Requant
from host_bridge.errors import UserError

MAX_UINT16 = 0xFFFF
TAP_OFFSET_LIMIT = 1 << 22
ARENA_SLACK = 16


@dataclass(frozen=True)
class Plane:
    """Twin of ``fp_plane``; fp_plane.h explains the layout."""

    channels: int
    height: int
    width: int
    row_pitch: int
    channel_pitch: int
    origin: int
    bytes: int
    zero_point: int

    @property
    def elements(self) -> int:
        """Bytes that are not halo."""
        return self.channels * self.height * self.width

    @property
    def is_nhwc(self) -> bool:
        """Whether the planar bytes are also the dense NHWC bytes."""
        return self.bytes == self.elements and (self.channels == 1 or self.height * self.width == 1)


def make_plane(hwc: tuple[int, int, int], halo: Padding, zero_point: int, where: str) -> Plane:
    """Lay out a tensor with the shared halo of fp_plane.h.

    Raises:
        UserError: a dimension or the whole tensor is beyond what the runtime addresses; ``where`` names it.
    """
    height, width, channels = hwc
    row_pitch = width + max(halo.left, halo.right)
    channel_pitch = (height + max(halo.top, halo.bottom)) * row_pitch
    origin = halo.top * row_pitch + halo.left
    last = origin + (channels - 1) * channel_pitch + (height - 1 + halo.bottom) * row_pitch + width - 1 + halo.right
    if max(channels, height, row_pitch) > MAX_UINT16 or last + 1 > TAP_OFFSET_LIMIT:
        raise UserError(
            f"{where} has shape {height}x{width}x{channels}; "
            f"at most {MAX_UINT16} a dimension and {TAP_OFFSET_LIMIT} bytes a tensor are supported"
        )
    return Plane(channels, height, width, row_pitch, channel_pitch, origin, last + 1, zero_point)


@dataclass(frozen=True)
class Layer:
    """What reports say of one operator of the model.

    Attributes:
        name: label of the tensor it writes.
        op: operator as TensorFlow Lite names it.
        shape: output, NHWC, with the channels that were dropped.
        macs_dense: multiply-accumulates with every weight of the model.
        macs_kept: multiply-accumulates with the weights that are in the firmware and not zero.
        weights_total: weights of the model, zeros included.
        weights_kept: weights of the model that are not zero.
        channels_dropped: output channels that the firmware leaves out.
        tensor: index of the tensor it writes; -1 where no tensor of the graph is what lies in memory afterwards.
    """

    name: str
    op: str
    shape: tuple[int, ...]
    macs_dense: int = 0
    macs_kept: int = 0
    weights_total: int = 0
    weights_kept: int = 0
    channels_dropped: int = 0
    tensor: int = -1


@dataclass(frozen=True)
class AddCall:
    """``fp_add_run``; ``multipliers`` are (multiplier, shift) of both inputs and of the output.

    ``subtract`` says that the second input is taken off.
    """

    layer: Layer
    source: int
    target: int
    other: int
    source_plane: Plane
    target_plane: Plane
    other_plane: Plane
    multipliers: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    activation: tuple[int, int]
    subtract: bool


@dataclass(frozen=True)
class Sum:
    """The addition that a convolution's channels go into as they are computed: ``fp_conv_add_run``.

    ``conv_is_first`` says which of the addition's inputs the convolution is; that input's buffer is empty.
    """

    add: AddCall
    conv_is_first: bool

    @property
    def other(self) -> int:
        """Buffer of the other input."""
        return self.add.other if self.conv_is_first else self.add.source


@dataclass(frozen=True)
class ConvCall:
    """``fp_conv_run``; ``rows`` is what ``weights`` encodes: int8 (channels, input channels / groups * kernel area).

    With a ``sum``, ``target`` is where that goes, and ``target_plane`` what a channel of the convolution is like.
    """

    layer: Layer
    source: int
    target: int
    scratch: int
    source_plane: Plane
    target_plane: Plane
    window: Window
    rows: npt.NDArray[np.int8] = field(repr=False, compare=False)
    weights: EncodedWeights
    requant: Requant = field(repr=False, compare=False)
    activation: tuple[int, int]
    groups: int
    sum: Sum | None = None

    @property
    def kept(self) -> int:
        """Number of weights that are not zero."""
        return int(np.count_nonzero(self.rows))

    @property
    def max_taps(self) -> int:
        """Kept weights of the fullest output channel."""
        return int(np.count_nonzero(self.rows, axis=1).max())


@dataclass(frozen=True)
class PoolCall:
    """``fp_pool_run``."""

    layer: Layer
    source: int
    target: int
    source_plane: Plane
    target_plane: Plane
    kind: Literal["average", "max"]
    window: Window
    activation: tuple[int, int]


@dataclass(frozen=True)
class MulCall:
    """``fp_mul_run``; ``scale`` is (multiplier, shift)."""

    layer: Layer
    source: int
    target: int
    other: int
    source_plane: Plane
    target_plane: Plane
    other_plane: Plane
    scale: tuple[int, int]
    activation: tuple[int, int]


@dataclass(frozen=True)
class SoftmaxCall:
    """``fp_softmax_run``; ``exponentials`` int32 (distances,), Q31."""

    layer: Layer
    source: int
    target: int
    source_plane: Plane
    target_plane: Plane
    exponentials: npt.NDArray[np.int32] = field(repr=False, compare=False)


@dataclass(frozen=True)
class ConvertCall:
    """``fp_plane_from_nhwc`` or ``fp_plane_to_nhwc``."""

    direction: Literal["from_nhwc", "to_nhwc"]
    source: int
    target: int
    plane: Plane


@dataclass(frozen=True)
class CopyCall:
    """``fp_copy_run``: one box of a tensor.

    Attributes:
        layer: of the whole operator, which can take several calls.
        last: whether this is the last of them.
        fill: the value that all of the target gets first, or None.
        source_bytes: size of the source's plane.
        target_bytes: size of the target's plane.
        source_offset: bytes from the source's start to the first element.
        target_offset: the same for the target.
        axes: (count, source step, target step) in bytes, three, outermost first.
        target_plane: of the whole target, for those who look at it.
    """

    layer: Layer
    last: bool
    source: int
    target: int
    fill: int | None
    source_bytes: int
    target_bytes: int
    source_offset: int
    target_offset: int
    axes: tuple[tuple[int, int, int], ...]
    target_plane: Plane


@dataclass(frozen=True)
class MeanCall:
    """``fp_mean_run``; ``scale`` is (multiplier, shift)."""

    layer: Layer
    source: int
    target: int
    source_plane: Plane
    target_plane: Plane
    scale: tuple[int, int]


@dataclass(frozen=True)
class LookupCall:
    """``fp_lookup_run``; ``table`` int8 (256,), for -128 first."""

    layer: Layer
    source: int
    target: int
    source_plane: Plane
    target_plane: Plane
    table: npt.NDArray[np.int8] = field(repr=False, compare=False)


ArithmeticCall = AddCall | MulCall | SoftmaxCall | MeanCall | LookupCall
OperatorCall = ConvCall | PoolCall | ArithmeticCall | CopyCall
Call = OperatorCall | ConvertCall


@dataclass(frozen=True)
class Buffer:
    """A piece of the arena: a tensor in one layout, or scratch; ``name`` is for messages and reports."""

    name: str
    bytes: int


@dataclass(frozen=True)
class Program:
    """Calls in order; ``input`` and ``output`` are dense NHWC buffers."""

    buffers: tuple[Buffer, ...]
    calls: tuple[Call, ...]
    input: int
    output: int
    input_bytes: int
    output_bytes: int


@dataclass(frozen=True)
class Plan:
    """Where buffers lie.

    Attributes:
        offsets: by buffer, bytes from the arena's start.
        arena_bytes: with the slack that kernels may read, a multiple of 8.
        lower_bound: no plan needs less (slack not included): bytes live at the busiest call, or what an exhaustive
            search ended with.
    """

    offsets: tuple[int, ...]
    arena_bytes: int
    lower_bound: int


def buffers_of(call: Call) -> tuple[int, ...]:
    """Buffers a call touches."""
    if isinstance(call, ConvCall):
        return call.source, call.target, call.scratch, *(() if call.sum is None else (call.sum.other,))
    if isinstance(call, AddCall | MulCall):
        return call.source, call.target, call.other
    return call.source, call.target

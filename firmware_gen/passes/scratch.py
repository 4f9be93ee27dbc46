"""How much scratch memory a convolution needs; twin of ``fp_conv_scratch_bytes`` and ``fp_conv_add_scratch_bytes``."""

from firmware_gen.encodings.base import Encoding
from firmware_gen.encodings.dense import DENSE
from firmware_gen.graph import Window
from firmware_gen.program import ConvCall, Plane

_QUAD = 4
_HALF, _WORD = 2, 4
_TAPS_BLOCK = 8
_DOTS_POSITIONS, _DOTS_TAPS, _DOTS_BYTES = 64, 12, 1 << 16


def scratch_bytes(
    source: Plane, target: Plane, window: Window, groups: int, *, encoding: Encoding, max_taps: int
) -> int:
    """Bytes for the encoding's decoder, and for the one of the runtime's three ways that it takes.

    One position over contiguous input needs no more; dense weights need the offsets of up to four input channels' taps
    and 16-bit inputs of four positions; others need an offset for each kernel position, and
    the taps and a word behind in blocks of eight.
    """
    if is_dot(source, target, window, groups):
        return encoding.table_bytes
    area = window.kernel[0] * window.kernel[1]
    channels = source.channels // groups
    if encoding is DENSE and is_quad(channels * area, target, groups):
        return _WORD * min(channels, _QUAD) * area + _HALF * _QUAD * _QUAD * -(-channels * area // _QUAD)
    return encoding.table_bytes + _WORD * (area + (max_taps // _TAPS_BLOCK + 1) * _TAPS_BLOCK)


def is_dot(source: Plane, target: Plane, window: Window, groups: int) -> bool:
    """Whether each output channel is one dot product; twin of ``fp_conv_is_dot``."""
    (height, width), (down, along) = window.kernel, window.dilation
    columns = width == 1 or along == 1
    rows = height == 1 or down * source.row_pitch == width
    channels = source.channels == 1 or source.channel_pitch == height * width
    return (target.height, target.width, groups) == (1, 1, 1) and columns and rows and channels


def is_quad(taps: int, target: Plane, groups: int) -> bool:
    """Whether dense weights run four positions at a time; twin of ``fp_conv_is_quad``."""
    return taps >= _QUAD and target.height * target.width > 1 and target.channels // groups >= _QUAD


def is_dots(
    source: Plane, target: Plane, window: Window, groups: int, *, max_taps: int, activation: tuple[int, int]
) -> bool:
    """Whether vectors take blocks of kept weights for four positions at a time; twin of ``fp_conv_is_dots``."""
    height, width = target.height, target.width
    fours = width % _QUAD == 0 or (width == _QUAD // 2 and height % 2 == 0)
    small = height * width <= _DOTS_POSITIONS and source.bytes <= _DOTS_BYTES
    enough = window.stride[1] > 1 or max_taps >= _DOTS_TAPS
    return fours and small and enough and groups == 1 and activation == (-128, 127)


def by_list(call: ConvCall) -> bool:
    """Whether a layer goes channel by channel, each from a list of taps."""
    quad = call.weights.encoding is DENSE and is_quad(call.rows.shape[1], call.target_plane, call.groups)
    return not quad and not is_dot(call.source_plane, call.target_plane, call.window, call.groups)


def channel_bytes(plane: Plane) -> int:
    """From the first element of a channel to behind its last one."""
    return (plane.height - 1) * plane.row_pitch + plane.width

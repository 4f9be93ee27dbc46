"""RESIZE_NEAREST_NEIGHBOR."""

import math

import numpy as np

from firmware_gen.graph import Part, Rearrange, Run
from firmware_gen.parse.boxes import check_movable, check_shape, whole
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_MAX_PARTS = 64
_MAX_SIZE = 0xFFFF


def nearest(size: int, wanted: int, *, align_corners: bool, half_pixel_centers: bool) -> list[int]:
    """Source index of each of ``wanted`` target indices, in the float32 steps of TensorFlow Lite."""
    one = np.float32(1)
    scale = one * size / np.float32(wanted)
    if align_corners and wanted > 1:
        scale = one * (size - 1) / np.float32(wanted - 1)
    offset = np.float32(0.5 if half_pixel_centers else 0)
    places = [float(np.float32((np.float32(index) + offset) * scale)) for index in range(wanted)]
    return [min(math.floor(place + 0.5) if align_corners else math.floor(place), size - 1) for place in places]


def _runs(indices: list[int], axis: int) -> list[Run]:
    """The fewest evenly stepped walks that make up ``indices``, interleaved; more than are supported where none do."""
    for step in range(1, min(len(indices), _MAX_PARTS + 1) + 1):
        phases = [indices[start::step] for start in range(step)]
        if all(len(set(np.diff(phase).tolist())) <= 1 for phase in phases):
            break
    return [
        Run(len(phase), start, step, axis, phase[0], phase[1] - phase[0] if len(phase) > 1 else 1)
        for start, phase in enumerate(phases)
    ]


def _read(context: OperatorContext) -> Rearrange:
    context.expect_operands(2, 2)
    source, output, wanted = context.activation(0), context.output(), context.integers(1)
    check_movable(context, source, output)
    if len(source.shape) != len(output.shape) or len(source.shape) != 4 or len(wanted) != 2:
        raise UserError(
            f"{context.where} resizes shape {list(source.shape)}; [1, height, width, channels] is supported"
        )
    height, width, channels = source.hwc
    check_shape(context, output, (*wanted, channels))
    if max(wanted) > _MAX_SIZE:
        raise UserError(f"{context.where} resizes to {wanted[0]}x{wanted[1]}; at most {_MAX_SIZE} each are supported")
    modes = {"align_corners": context.option("AlignCorners"), "half_pixel_centers": context.option("HalfPixelCenters")}
    flags = {name: bool(value) for name, value in modes.items()}
    rows, columns = (
        _runs(nearest(size, many, **flags), axis)
        for axis, (size, many) in enumerate(zip((height, width), wanted, strict=True))
    )
    if len(rows) * len(columns) > _MAX_PARTS:
        raise UserError(
            f"{context.where} resizes {height}x{width} to {wanted[0]}x{wanted[1]}; use whole factors up to 8"
        )
    parts = tuple(Part(source.index, (row, column, whole(channels, 2))) for row in rows for column in columns)
    return Rearrange(output.index, parts, READER.name)


READER = OperatorReader(
    code=97,
    name="RESIZE_NEAREST_NEIGHBOR",
    options=OptionsSpec("ResizeNearestNeighborOptions", ("AlignCorners", "HalfPixelCenters")),
    read=_read,
    limits="batch 1, whole factors up to 8 and simple fractions",
)

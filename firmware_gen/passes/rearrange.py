"""Rearrangements as copies of boxes between planes."""

from itertools import pairwise

from firmware_gen.graph import Part, Rearrange
from firmware_gen.passes.outputs import plain_layer
from firmware_gen.passes.storage import Storage
from firmware_gen.program import CopyCall, Plane

_AXES = 3

Axis = tuple[int, int, int]


def lower_rearrange(storage: Storage, op: Rearrange) -> None:
    """One copy for each part; the first fills what no part writes, the halo included."""
    sources = [storage.planar(part.input) for part in op.parts]
    target, plane = storage.written(op.output)
    written = sum(part.axes[0].count * part.axes[1].count * part.axes[2].count for part in op.parts)
    fill = plane.zero_point if written < plane.bytes else None
    for number, (part, (source, source_plane)) in enumerate(zip(op.parts, sources, strict=True), 1):
        starts, axes = _box(part, source_plane, plane)
        storage.calls.append(
            CopyCall(
                plain_layer(storage.model, op), number == len(op.parts), source, target, fill, source_plane.bytes,
                plane.bytes, starts[0], starts[1], axes, plane,
            )
        )  # fmt: skip
        fill = None


def _steps(plane: Plane) -> tuple[int, int, int]:
    """Bytes to the next row, column and channel."""
    return plane.row_pitch, 1, plane.channel_pitch


def _box(part: Part, source: Plane, target: Plane) -> tuple[tuple[int, int], tuple[Axis, ...]]:
    """Offsets of the first element in source and target, and the axes of the copy, outermost first."""
    source_steps, target_steps = _steps(source), _steps(target)
    source_start, target_start = source.origin, target.origin
    axes: list[Axis] = []
    for run, step in zip(part.axes, target_steps, strict=True):
        source_start += run.source_start * source_steps[run.source_axis]
        target_start += run.target_start * step
        axes.append((run.count, run.source_step * source_steps[run.source_axis], run.target_step * step))
    return (source_start, target_start), _simplify(axes)


def _simplify(axes: list[Axis]) -> tuple[Axis, ...]:
    """Drop axes of one element, join those that are one walk, and put the smallest target step innermost."""
    ordered = sorted((axis for axis in axes if axis[0] > 1), key=lambda axis: -axis[2])
    joined = True
    while joined:
        joined = False
        for outer, inner in pairwise(ordered):
            if outer[1:] == (inner[0] * inner[1], inner[0] * inner[2]):
                at = ordered.index(outer)
                ordered[at : at + 2] = [(outer[0] * inner[0], *inner[1:])]
                joined = True
                break
    return (*((1, 1, 1),) * (_AXES - len(ordered)), *ordered)

"""Operators that only move elements, in NumPy."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Graph, Part, Rearrange

Int8 = npt.NDArray[np.int8]


def rearrange(graph: Graph, op: Rearrange, values: Mapping[int, Int8]) -> Int8:
    """The output, int8 (height, width, channels), of what ``values`` has by tensor."""
    output = graph.tensors[op.output]
    result = np.full(output.hwc, output.zero_point, np.int8)
    for part in op.parts:
        places = (run.target_start + run.target_step * np.arange(run.count) for run in part.axes)
        result[np.ix_(*places)] = _box(graph, part, values[part.input])
    return result


def _box(graph: Graph, part: Part, value: Int8) -> Int8:
    """The elements a part copies, axes in the target's order."""
    source = value.reshape(graph.tensors[part.input].hwc)
    by_source = sorted(part.axes, key=lambda run: run.source_axis)
    taken = source[np.ix_(*(run.source_start + run.source_step * np.arange(run.count) for run in by_source))]
    return taken.transpose([run.source_axis for run in part.axes])

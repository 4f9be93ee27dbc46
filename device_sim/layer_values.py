"""What a board's arena should hold after each call, and how to find the first call after which it does not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Graph
from firmware_gen.numpy_oracle import run_values
from firmware_gen.program import Call, ConvertCall, CopyCall, Layer, Plane

Int8 = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Expected:
    """The tensor that a call leaves behind.

    Attributes:
        layer: the operator that is then complete.
        plane: how the tensor lies in the call's target.
        values: int8 (height, width, channels).
    """

    layer: Layer
    plane: Plane
    values: Int8


def expected_after(call: Call, graph: Graph, values: dict[int, Int8]) -> Expected | None:
    """What a call's target should hold; None where the call leaves no whole tensor of the graph.

    Args:
        call: one of the program's.
        graph: what the firmware computes (:func:`firmware_gen.passes.computed_graph`).
        values: of every tensor of that graph, from :func:`reference_values`.
    """
    if isinstance(call, ConvertCall) or (isinstance(call, CopyCall) and not call.last) or call.layer.tensor < 0:
        return None
    tensor = graph.tensors[call.layer.tensor]
    return Expected(call.layer, call.target_plane, values[tensor.index].reshape(tensor.hwc))


def reference_values(graph: Graph, sample: Int8) -> dict[int, Int8]:
    """Every activation of the graph for one sample, int8 by tensor."""
    return run_values(graph, sample)


def elements(plane: Plane, memory: Int8) -> Int8:
    """int8 (height, width, channels) from the bytes of a plane."""
    return memory[_places(plane)]


def _places(plane: Plane) -> npt.NDArray[np.intp]:
    """Offset of every element, (height, width, channels)."""
    rows, columns, channels = np.ogrid[: plane.height, : plane.width, : plane.channels]
    places: npt.NDArray[np.intp] = (
        plane.origin + rows * plane.row_pitch + columns + channels * plane.channel_pitch
    ).astype(np.intp)
    return places

"""Which bytes every tensor is, and with which halo.

A reshape moves nothing: its output is the same bytes as the tensor it goes back to, its *root*. A root can be needed as
dense NHWC bytes and as planes; planes of one shape share a halo that suits every reader.
"""

from dataclasses import dataclass

from firmware_gen.graph import Conv2D, Graph, Padding, Pool, Reshape
from firmware_gen.program import Plane, make_plane

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Layout:
    """Attributes: ``roots`` by tensor; ``planes`` by root and (height, width, channels)."""

    roots: dict[int, int]
    planes: dict[tuple[int, Shape], Plane]


def _roots(graph: Graph) -> dict[int, int]:
    roots = {graph.input: graph.input}
    for op in graph.ops:
        roots[op.output] = roots[op.input] if isinstance(op, Reshape) else op.output
    return roots


def _join(one: Padding, other: Padding) -> Padding:
    return Padding(
        max(one.top, other.top), max(one.bottom, other.bottom), max(one.left, other.left), max(one.right, other.right)
    )


def lay_out(graph: Graph) -> Layout:
    """Give every plane that an operator writes or reads its halo.

    Pools leave out what lies outside their input, and fully connected layers take what is there, so only
    convolutions ask for a halo.

    Raises:
        UserError: a tensor is beyond what the runtime addresses.
    """
    roots = _roots(graph)
    halos: dict[tuple[int, Shape], Padding] = {}
    for op in graph.ops:
        if isinstance(op, Conv2D | Pool):
            key = (roots[op.input], graph.tensors[op.input].hwc)
            wanted = op.window.padding if isinstance(op, Conv2D) else Padding()
            halos[key] = _join(halos.get(key, Padding()), wanted)
        if not isinstance(op, Reshape):
            halos.setdefault((op.output, graph.tensors[op.output].hwc), Padding())
    planes = {}
    for (root, shape), halo in halos.items():
        tensor = graph.tensors[root]
        planes[root, shape] = make_plane(shape, halo, tensor.zero_point, f"tensor {root} '{tensor.label}'")
    return Layout(roots, planes)

"""Which bytes every tensor is, and with which halo.

A reshape moves nothing: its output is the same bytes as the tensor it goes back to, its *root*. A root can be needed as
dense NHWC bytes and as planes; planes of one shape share a halo that suits every reader. An operator that works element
by element overwrites an input that nobody reads later; both then have one halo.
"""

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from firmware_gen.graph import Arithmetic, Conv2D, FullyConnected, Graph, Mean, Padding, Reshape, inputs_of
from firmware_gen.problems import Problems
from firmware_gen.program import Plane, make_plane

Shape = tuple[int, int, int]
Key = tuple[int, Shape]


@dataclass(frozen=True)
class Layout:
    """Attributes: ``roots`` by tensor; ``planes`` by root and (height, width, channels); ``overwritten`` by output."""

    roots: dict[int, int]
    planes: dict[Key, Plane]
    overwritten: dict[int, int]


def _roots(graph: Graph) -> dict[int, int]:
    roots = {graph.input: graph.input}
    for op in graph.ops:
        roots[op.output] = roots[op.input] if isinstance(op, Reshape) else op.output
    return roots


def _join(one: Padding, other: Padding) -> Padding:
    return Padding(
        max(one.top, other.top), max(one.bottom, other.bottom), max(one.left, other.left), max(one.right, other.right)
    )


def _halos(graph: Graph, roots: dict[int, int]) -> dict[Key, Padding]:
    """What readers ask for, by plane.

    Fully connected layers take what is there; of the others, only convolutions read what lies outside their input.
    """
    halos: dict[Key, Padding] = {}
    for op in graph.ops:
        if isinstance(op, Reshape):
            continue
        if not isinstance(op, FullyConnected):
            wanted = op.window.padding if isinstance(op, Conv2D) else Padding()
            for key in ((roots[index], graph.tensors[index].hwc) for index in inputs_of(op)):
                halos[key] = _join(halos.get(key, Padding()), wanted)
        halos.setdefault((op.output, graph.tensors[op.output].hwc), Padding())
    return halos


def _dying_inputs(graph: Graph, roots: dict[int, int]) -> dict[int, tuple[int, ...]]:
    """By output of operators that may overwrite an input: the inputs that nobody reads afterwards."""
    last = {roots[index]: op.output for op in graph.ops if not isinstance(op, Reshape) for index in inputs_of(op)}
    last.pop(roots[graph.output], None)
    return {
        op.output: tuple(
            index
            for index in inputs_of(op)
            if last.get(roots[index]) == op.output and graph.tensors[index].hwc == graph.tensors[op.output].hwc
        )
        for op in graph.ops
        if isinstance(op, Arithmetic) and not isinstance(op, Mean)
    }


def _overwrite(graph: Graph, roots: dict[int, int], halos: dict[Key, Padding]) -> dict[int, int]:
    """Choose which input each output overwrites, and let their planes share a halo.

    It is the one with the larger halo; of two alike the one that was not computed right before, because a convolution
    there may add to the other without keeping its own output (:mod:`firmware_gen.passes.fuse_add`).
    """
    groups = {key: {key} for key in halos}
    chosen: dict[int, int] = {}
    before = {op.output: earlier.output for earlier, op in pairwise(graph.ops)}

    def halo_size(index: int) -> int:
        halo = halos[roots[index], graph.tensors[index].hwc]
        return halo.top + halo.bottom + halo.left + halo.right

    for output, inputs in _dying_inputs(graph, roots).items():
        if inputs:
            chosen[output] = source = max(inputs, key=lambda index: (halo_size(index), index != before.get(output)))
            one, other = ((roots[index], graph.tensors[index].hwc) for index in (source, output))
            together = groups[one] | groups[other]
            shared = reduce(_join, (halos[key] for key in together))
            for key in together:
                groups[key], halos[key] = together, shared
    return chosen


def lay_out(graph: Graph) -> Layout:
    """Give every plane that an operator writes or reads its halo.

    Raises:
        ModelProblemsError: tensors are beyond what the runtime addresses; names them all.
    """
    roots = _roots(graph)
    halos = _halos(graph, roots)
    overwritten = _overwrite(graph, roots, halos)
    planes = {}
    problems = Problems()
    for (root, shape), halo in halos.items():
        tensor = graph.tensors[root]
        with problems.gather():
            planes[root, shape] = make_plane(shape, halo, tensor.zero_point, f"tensor {root} '{tensor.label}'")
    problems.check()
    return Layout(roots, planes, overwritten)

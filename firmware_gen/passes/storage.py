"""Buffers and conversions that lowering asks for, made once and on first use."""

from firmware_gen.graph import Graph
from firmware_gen.passes.layout import Layout, Shape
from firmware_gen.program import Buffer, Call, ConvertCall, Plane

_NHWC = "nhwc"


class Storage:
    """Grows the program's buffers and calls; answers where a tensor lies in which form."""

    def __init__(self, graph: Graph, layout: Layout, model: Graph) -> None:
        self.graph = graph
        self.model = model  # before channels were dropped: what reports show
        self.model_ops = {op.output: op for op in model.ops}
        self.layout = layout
        self.buffers: list[Buffer] = []
        self.calls: list[Call] = []
        self._places: dict[tuple[int, Shape | str], int] = {}
        self._places[graph.input, _NHWC] = self.add(
            graph.tensors[graph.input].label, graph.tensors[graph.input].elements
        )

    def add(self, name: str, size: int) -> int:
        """A new buffer of ``size`` bytes."""
        self.buffers.append(Buffer(name, size))
        return len(self.buffers) - 1

    def written(self, tensor: int) -> tuple[int, Plane]:
        """The buffer for the plane that an operator writes: a new one, or that of an input it overwrites."""
        shape = self.graph.tensors[tensor].hwc
        plane = self.layout.planes[tensor, shape]
        overwritten = self.layout.overwritten.get(tensor)
        if overwritten is None:
            buffer = self.add(self.graph.tensors[tensor].label, plane.bytes)
        else:
            buffer, _ = self.planar(overwritten)
        self._places[tensor, shape] = buffer
        if plane.is_nhwc:
            self._places[tensor, _NHWC] = buffer
        return buffer, plane

    def is_written(self, tensor: int) -> bool:
        """Whether a tensor, or the one it is the same bytes as, has a place."""
        return any(root == self.layout.roots[tensor] for root, _ in self._places)

    def has_nhwc(self, tensor: int) -> bool:
        """Whether dense NHWC bytes of a tensor lie somewhere already."""
        return (self.layout.roots[tensor], _NHWC) in self._places

    def native(self, tensor: int) -> tuple[int, Plane]:
        """Buffer and plane that the operator behind a tensor wrote; not for the model's input."""
        root = self.layout.roots[tensor]
        shape = self.graph.tensors[root].hwc
        return self._places[root, shape], self.layout.planes[root, shape]

    def nhwc(self, tensor: int) -> int:
        """Buffer with the dense NHWC bytes of a tensor, converted where they are not there yet."""
        root = self.layout.roots[tensor]
        if (root, _NHWC) not in self._places:
            source, plane = self.native(tensor)
            target = self.add(f"{self.graph.tensors[root].label} (NHWC)", plane.elements)
            self.calls.append(ConvertCall("to_nhwc", source, target, plane))
            self._places[root, _NHWC] = target
        return self._places[root, _NHWC]

    def planar(self, tensor: int) -> tuple[int, Plane]:
        """Buffer and plane of a tensor in its own shape, converted where they are not there yet."""
        root, shape = self.layout.roots[tensor], self.graph.tensors[tensor].hwc
        plane = self.layout.planes[root, shape]
        if (root, shape) not in self._places:
            source = self.nhwc(tensor)
            if plane.is_nhwc:
                self._places[root, shape] = source
            else:
                target = self.add(f"{self.graph.tensors[tensor].label} (planar)", plane.bytes)
                self.calls.append(ConvertCall("from_nhwc", source, target, plane))
                self._places[root, shape] = target
        return self._places[root, shape], plane

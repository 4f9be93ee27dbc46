"""Let convolutions pad for themselves where the model pads before them: padding with zero points costs them nothing."""

from dataclasses import replace

from firmware_gen.graph import Conv2D, Graph, Op, Padding, Rearrange, inputs_of

_PAD = "PAD"
_MAX_PADDING = 255


def fold_pads(graph: Graph) -> Graph:
    """Move spatial padding into the windows of convolutions; pads that others read stay for them."""
    pads = {op.output: op for op in graph.ops if isinstance(op, Rearrange) and _is_spatial_pad(graph, op)}
    return replace(graph, ops=tuple(_folded(graph, op, pads) for op in graph.ops))


def _is_spatial_pad(graph: Graph, op: Rearrange) -> bool:
    """Whether only rows and columns are added."""
    return op.kind == _PAD and graph.tensors[op.output].hwc[2] == graph.tensors[inputs_of(op)[0]].hwc[2]


def _folded(graph: Graph, op: Op, pads: dict[int, Rearrange]) -> Op:
    """The convolution over what its pad reads, or ``op`` itself."""
    if not isinstance(op, Conv2D) or op.input not in pads:
        return op
    part = pads[op.input].parts[0]
    size, outputs = graph.tensors[part.input].hwc, graph.tensors[op.output].hwc
    top = op.window.padding.top + part.axes[0].target_start
    left = op.window.padding.left + part.axes[1].target_start
    padding = Padding(top, _after(op, 0, top, size, outputs), left, _after(op, 1, left, size, outputs))
    if max(padding.top, padding.bottom, padding.left, padding.right) > _MAX_PADDING:
        return op
    return replace(op, input=part.input, window=replace(op.window, padding=padding))


def _after(op: Conv2D, axis: int, before: int, size: tuple[int, int, int], outputs: tuple[int, int, int]) -> int:
    """What the last window reads past the input along one axis."""
    window = op.window
    reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1
    return max((outputs[axis] - 1) * window.stride[axis] + reach - before - size[axis], 0)

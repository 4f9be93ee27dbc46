"""What a learner can compute; everything else is refused before anything is written."""

from math import prod

from firmware_gen.learner.description import SAMPLE, LayerDescription, LearnerDescription
from host_bridge.errors import UserError

MOST_COLUMNS = 65_535
MOST_KERNEL = 255
MOST_SIDE = 255
"""Rows and columns of a convolution's image: the backward pass packs a place into 16 bits."""
WEIGHTED = ("conv", "depthwise", "dense")
MOST_SUMMANDS = 32_768
"""Summands of SynFlow's flows of 24 bits up to which they fit 63 bits (docs/synflow.md)."""


def check_description(description: LearnerDescription) -> LearnerDescription:
    """Return a description whose parts fit together.

    Raises:
        UserError: they do not, or a size is beyond the runtime's; names the layer.
    """
    for position, layer in enumerate(description.layers):
        if fault := _fault(description, position, layer):
            raise UserError(f"layer {layer.name}: {fault}")
    if (last := description.layers[-1]).out_shape != (1, 1, description.classes):
        raise UserError(f"layer {last.name}: the last layer must give {description.classes} logits")
    if sorted(_tensors(description)) != list(range(len(description.tensors))):
        raise UserError("every tensor must belong to exactly one layer")
    return description


def check_seedable(description: LearnerDescription) -> LearnerDescription:
    """Return a description whose masks a board can compute from a seed.

    Raises:
        UserError: it has branches, or a sum of flows would not fit; names the layer.
    """
    for position, layer in enumerate(description.layers):
        if layer.inputs != (position - 1,):
            raise UserError(f"layer {layer.name}: a board computes masks of networks without branches; bake or load it")
        if layer.kernel is None:
            continue
        tensor = description.tensors[layer.kernel]
        most = max(tensor.rows, tensor.columns * prod(layer.kernel_size), prod(layer.out_shape[:2]))
        if most > MOST_SUMMANDS:
            raise UserError(f"layer {layer.name} is too large for a board to compute the mask; bake or load it")
    kernels = [layer.kernel for layer in description.layers if layer.kernel is not None]
    if kernels != sorted(kernels):
        raise UserError("tensors must come in the order of their layers")
    return description


def _tensors(description: LearnerDescription) -> list[int]:
    return [one for layer in description.layers for one in (layer.kernel, layer.bias) if one is not None]


def _fault(description: LearnerDescription, position: int, layer: LayerDescription) -> str | None:
    return _inputs_fault(description, position, layer) or _size_fault(description, layer)


def _inputs_fault(description: LearnerDescription, position: int, layer: LayerDescription) -> str | None:
    if len(layer.inputs) != (2 if layer.kind == "add" else 1):
        return f"a layer of kind {layer.kind} cannot read {len(layer.inputs)} tensors"
    if any(not SAMPLE <= source < position for source in layer.inputs):
        return "it reads a layer that does not come before it"
    if any(description.shape_of(source) != layer.in_shape for source in layer.inputs):
        return "it reads a tensor of another shape than it says"
    return None


def _size_fault(description: LearnerDescription, layer: LayerDescription) -> str | None:
    count = len(description.tensors)
    if any(not 0 <= one < count for one in (layer.kernel, layer.bias) if one is not None):
        return "it names a tensor that does not exist"
    if min(*layer.in_shape, *layer.out_shape, *layer.kernel_size, *layer.strides) < 1:
        return "a size is less than 1"
    if max(*layer.in_shape, *layer.out_shape) > MOST_COLUMNS or max(*layer.kernel_size, *layer.strides) > MOST_KERNEL:
        return f"sizes go to {MOST_COLUMNS}, kernels and strides to {MOST_KERNEL}"
    if layer.kind in ("conv", "depthwise") and max(*layer.in_shape[:2], *layer.out_shape[:2]) > MOST_SIDE:
        return f"images of convolutions have at most {MOST_SIDE} rows and columns"
    return _weights_fault(description, layer) or _geometry_fault(layer)


def _weights_fault(description: LearnerDescription, layer: LayerDescription) -> str | None:
    if (layer.kernel is not None) != (layer.kind in WEIGHTED):
        return f"a layer of kind {layer.kind} has {'no' if layer.kernel is None else 'a'} kernel"
    channels = layer.out_shape[2]
    if layer.bias is not None and description.tensors[layer.bias].shape != (channels,):
        return f"its bias is not of shape ({channels},)"
    if layer.kernel is None:
        return None
    inputs = layer.in_shape[2]
    wanted = {
        "conv": (*layer.kernel_size, inputs, channels),
        "depthwise": (*layer.kernel_size, inputs, max(1, channels // inputs)),
        "dense": (prod(layer.in_shape), channels),
    }[layer.kind]
    shape = description.tensors[layer.kernel].shape
    return None if shape == wanted else f"its kernel is of shape {shape} instead of {wanted}"


def _geometry_fault(layer: LayerDescription) -> str | None:
    if layer.kind == "dense":
        return None if layer.out_shape[:2] == (1, 1) else "a dense layer's output is flat"
    if layer.kind in ("add", "relu"):
        return None if layer.in_shape == layer.out_shape else "it changes the shape of what it reads"
    if layer.kind in ("max_pool", "average_pool") and layer.in_shape[2] != layer.out_shape[2]:
        return "pooling keeps the channels"
    if layer.kind == "depthwise" and layer.out_shape[2] % layer.in_shape[2]:
        return "its outputs are no multiple of its inputs"
    rows = zip(layer.in_shape, layer.out_shape, layer.kernel_size, layer.strides, layer.padding, strict=False)
    for size, out, kernel, stride, pad in rows:
        last = (out - 1) * stride - pad
        if not 0 <= pad < kernel or last >= size or (last + kernel > size and last + kernel - size >= kernel):
            return "a window lies outside its input"
    return None

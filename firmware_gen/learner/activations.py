"""Where outputs and gradients of one sample lie, in floats."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from firmware_gen.learner.description import SAMPLE, LearnerDescription
from firmware_gen.passes.pack import Lifetime, pack


@dataclass(frozen=True)
class Activations:
    """Offsets by layer; -1 is the sample.

    Attributes:
        outputs: of each layer's output, all of which last until the backward pass has used them.
        gradients: of dL/d(output); the sample has none.
        output_floats: taken by the outputs.
        floats: taken by all.
        slopes: elements of a convolution's gradient that may differ from zero, at most.
    """

    outputs: Mapping[int, int]
    gradients: Mapping[int, int]
    output_floats: int
    floats: int
    slopes: int


def first_writers(description: LearnerDescription) -> dict[int, int]:
    """For each tensor the layer whose backward pass is the first to write its gradient: its last reader."""
    writers = {len(description.layers) - 1: len(description.layers)}
    for position, layer in enumerate(description.layers):
        writers |= dict.fromkeys(layer.inputs, position)
    return writers


def place_activations(description: LearnerDescription) -> Activations:
    """Outputs one behind the other; gradients where those alive at the same time do not overlap."""
    at = 0
    outputs = {}
    for source in range(SAMPLE, len(description.layers)):
        outputs[source] = at
        at += prod(description.shape_of(source))
    writers = first_writers(description)
    sources = [source for source in range(len(description.layers)) if source in writers]
    # Time runs backwards: a gradient lives from its first writer down to the layer that made the output.
    items = [Lifetime(prod(description.shape_of(one)), -writers[one], -one) for one in sources]
    packing = pack(items)
    gradients = {source: at + offset for source, offset in zip(sources, packing.offsets, strict=True)}
    columns = max(tensor.columns for tensor in description.tensors)
    return Activations(outputs, gradients, at, max(at + packing.height, columns), _slopes(description))


def _slopes(description: LearnerDescription) -> int:
    """A pooled maximum hands its slope to one element, so behind pooling there are no more than maxima."""
    counts = [0]
    for position, layer in enumerate(description.layers):
        if layer.kind in ("conv", "depthwise"):
            readers = [other for other in description.layers if position in other.inputs]
            pooled = len(readers) == 1 and readers[0].kind == "max_pool"
            counts.append(prod(readers[0].out_shape if pooled else layer.out_shape))
    return max(counts)

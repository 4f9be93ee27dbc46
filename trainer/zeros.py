"""Finds a network's weights in a converted model and checks that what was pruned is zero there."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Conv2D, FullyConnected, Graph
from host_bridge.errors import UserError
from trainer.tensors import Float32, Masks, TensorSpec, Weights

Int8 = npt.NDArray[np.int8]
Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True)
class TensorConversion:
    """What became of one prunable tensor.

    Attributes:
        name: as in the network.
        total: number of weights.
        kept: weights that the mask keeps.
        nonzero: weights that are not zero in the converted model.
        rounded_to_zero: kept weights that are zero there, because they were smaller than half a quantisation step
            or zero already.
    """

    name: str
    total: int
    kept: int
    nonzero: int
    rounded_to_zero: int


@dataclass(frozen=True)
class Kernel:
    """Weights of one operator.

    Attributes:
        op: the operator.
        values: int8 in Keras's layout.
        steps: the real value of a step, float32 in the same layout.
    """

    op: Conv2D | FullyConnected
    values: Int8 = field(repr=False)
    steps: Float32 = field(repr=False)


def check_zeros(
    graph: Graph, specs: tuple[TensorSpec, ...], weights: Weights, masks: Masks
) -> tuple[TensorConversion, ...]:
    """Compare a converted model with the masks it was trained under.

    Args:
        graph: the converted model.
        specs: the network's tensors.
        weights: what was converted; it tells tensors of the same shape apart.
        masks: of the network; tensors that are not prunable are passed over.

    Returns:
        Counts for each prunable tensor, in the order of ``specs``.

    Raises:
        UserError: a prunable tensor is not in the model, or a pruned weight is not zero; names the tensor.
    """
    counts = []
    kernels = match_kernels(graph, specs, weights)
    for position, (spec, mask) in enumerate(zip(specs, masks, strict=True)):
        if not spec.prunable or mask is None:
            continue
        kernel = kernels[position]
        revived = int(np.count_nonzero(kernel.values[~mask]))
        if revived:
            raise UserError(
                f"{spec.name}: {revived} pruned weights are not zero in {graph.name}.tflite; "
                "apply the masks and convert again"
            )
        kept, nonzero = int(np.count_nonzero(mask)), int(np.count_nonzero(kernel.values))
        counts.append(TensorConversion(spec.name, spec.size, kept, nonzero, kept - nonzero))
    return tuple(counts)


def match_kernels(graph: Graph, specs: tuple[TensorSpec, ...], weights: Weights) -> dict[int, Kernel]:
    """Find the operator of each prunable tensor.

    Args:
        graph: the converted model.
        specs: the network's tensors.
        weights: what was converted; it tells tensors of the same shape apart.

    Returns:
        Kernels by position in ``specs``.

    Raises:
        UserError: a prunable tensor is not in the model; names it.
    """
    kernels = [_kernel(graph, op) for op in graph.ops if isinstance(op, Conv2D | FullyConnected)]
    rows = enumerate(zip(specs, weights, strict=True))
    return {position: _take(kernels, spec, weight) for position, (spec, weight) in rows if spec.prunable}


def _take(kernels: list[Kernel], spec: TensorSpec, weight: Float32) -> Kernel:
    """Remove the kernel that holds ``weight``: of those with its shape, the one with the most parallel channels."""
    candidates = [kernel for kernel in kernels if kernel.values.shape == spec.shape]
    if not candidates:
        raise UserError(f"{spec.name}: no operator of the converted model has a kernel of shape {list(spec.shape)}")
    closest = max(candidates, key=lambda kernel: _alikeness(kernel.values * kernel.steps, weight))
    kernels.remove(closest)
    return closest


def _alikeness(one: Float32, other: Float32) -> float:
    """Sum over output channels of |cos|: a folded normalisation scales and may mirror a channel, but not turn it."""
    rows, others = one.reshape(-1, one.shape[-1]), other.reshape(-1, other.shape[-1])
    lengths = np.linalg.norm(rows, axis=0) * np.linalg.norm(others, axis=0)
    products = np.abs((rows * others).sum(axis=0))
    return float(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0).sum())


def _kernel(graph: Graph, op: Conv2D | FullyConnected) -> Kernel:
    """An operator's weights, output channel first in the file, turned into Keras's layout."""
    tensor = graph.tensors[op.weights]
    values = graph.constant(op.weights)
    column = np.array(tensor.scales, np.float32).reshape(-1, *(1,) * (values.ndim - 1))
    steps = np.broadcast_to(column, values.shape)
    return Kernel(op, _keras_layout(values, op), _keras_layout(steps, op))


def _keras_layout(array: npt.NDArray[Element], op: Conv2D | FullyConnected) -> npt.NDArray[Element]:
    """From TensorFlow Lite's layout, output channel first, to Keras's.

    Returns:
        (in, out) for dense layers, (height, width, in, multiplier) for depthwise convolutions, else
        (height, width, in, out).
    """
    if isinstance(op, FullyConnected):
        return array.T
    if op.kind == "DEPTHWISE_CONV_2D":
        out, height, width, _ = array.shape
        return array.reshape(op.groups, out // op.groups, height, width).transpose(2, 3, 0, 1)
    return array.transpose(1, 2, 3, 0)

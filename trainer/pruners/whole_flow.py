"""SynFlow's scores on whole numbers: the same on every machine, a board among them. docs/synflow.md defines them.

Sums of whole numbers do not depend on their order, so that the host may compute them as matrix products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from firmware_gen.learner import LearnerDescription, TensorDescription
from firmware_gen.learner.limits import check_seedable
from host_bridge.errors import UserError
from trainer.initialisers.he_uniform import he_uniform_step
from trainer.learner_export import describe
from trainer.models.network import Network
from trainer.pruners.flow_operations import OPERATIONS, Scored, Whole
from trainer.tensors import Float32, Float64, Scores, Weights

FLOW_BITS = 24
COEFFICIENT_BITS = 28
SCORE_BITS = 24
OCTAVES = 500
"""Scores that are smaller than the whole flow by more than so many powers of two count as 0."""


@dataclass(frozen=True)
class Flow:
    """Whole numbers (height, width, channels) that stand for ``numbers * 2**exponent``."""

    numbers: Whole
    exponent: int


def whole_flow(network: Network) -> LearnerDescription | None:
    """The network as what whole flows are defined on, or None if it has other layers, or branches."""
    try:
        return check_seedable(describe(network, "flow"))
    except UserError:
        return None


def score(description: LearnerDescription, weights: Weights, dense: Weights) -> Scores:
    """Score every prunable weight.

    Args:
        description: the network.
        weights: zero where a weight is dropped.
        dense: initial weights, dropped ones too; they decide what a tensor's unit is.

    Returns:
        Float64 scores of 24 significant bits, by the true size of what they stand for.
    """
    units = [_unit(tensor.fan_in, weight) if tensor.fan_in else 1.0 for tensor, weight in _pairs(description, dense)]
    magnitudes = [
        _magnitudes(weight, unit) if tensor.fan_in else None
        for (tensor, weight), unit in zip(_pairs(description, weights), units, strict=True)
    ]
    flows = _forward(description, magnitudes)
    total = int(flows[-1].numbers.sum()).bit_length() + flows[-1].exponent
    scale = prod(units)
    scores: list[Float64 | None] = [None] * len(description.tensors)
    out = Flow(np.ones(description.layers[-1].out_shape, np.int64), 0)
    for layer, flow in reversed(list(zip(description.layers, flows[:-1], strict=True))):
        back = OPERATIONS[layer.kind](layer)
        place, kernel = layer.kernel, None if layer.kernel is None else magnitudes[layer.kernel]
        if isinstance(back, Scored) and place is not None and kernel is not None:
            exponent = flow.exponent + out.exponent
            found = _scores(kernel, back.coefficients(flow.numbers, out.numbers), exponent, total)
            scores[place] = (found * scale).reshape(description.tensors[place].shape)
        out = _normalised(back.backward(flow.numbers, out.numbers, kernel), out.exponent - back.shift)
    return tuple(scores)


def _pairs(description: LearnerDescription, weights: Weights) -> Iterator[tuple[TensorDescription, Float32]]:
    return zip(description.tensors, weights, strict=True)


def _unit(fan_in: int, weight: Float32) -> float:
    """What the odd number 1 stands for: the step of the seeded start, doubled until every weight is below 2^24."""
    unit = float(he_uniform_step(fan_in))
    largest = float(np.abs(weight).max(initial=0))
    while largest >= unit * 2**FLOW_BITS:
        unit *= 2
    return unit


def _magnitudes(weight: Float32, unit: float) -> Float64:
    """(rows, columns): the odd number nearest to each weight's size; 0 where it is dropped."""
    sizes = np.abs(weight.astype(np.float64)) / unit
    odd = np.where(weight == 0, 0.0, 2 * np.floor(sizes / 2) + 1)
    return odd.reshape(prod(weight.shape[:-1]), weight.shape[-1])


def _normalised(sums: Whole, exponent: int) -> Flow:
    """At most 24 bits: all are shifted by as much as the largest needs."""
    shift = max(0, int(sums.max(initial=0)).bit_length() - FLOW_BITS)
    return Flow(sums >> shift, exponent + shift)


def _forward(description: LearnerDescription, magnitudes: Sequence[Float64 | None]) -> list[Flow]:
    """The flow into the sample's pixels, which is 1, and into every layer's output."""
    flows = [Flow(np.ones(description.input_shape, np.int64), 0)]
    for layer in description.layers:
        operation = OPERATIONS[layer.kind](layer)
        kernel = None if layer.kernel is None else magnitudes[layer.kernel]
        flows.append(_normalised(operation.forward(flows[-1].numbers, kernel), flows[-1].exponent - operation.shift))
    return flows


def _lengths(numbers: Whole) -> npt.NDArray[np.int32]:
    """Bits of each number."""
    high = numbers >> 32
    return np.where(high > 0, 32 + np.frexp(high.astype(np.float64))[1], np.frexp(numbers.astype(np.float64))[1])


def _scores(kernel: Float64, coefficients: Whole, exponent: int, total: int) -> Float64:
    """(rows, columns): magnitude times coefficient, cut to 24 bits."""
    scores = np.zeros(kernel.shape)
    kept = kernel > 0
    chosen = coefficients[kept]
    drop = np.maximum(_lengths(chosen) - COEFFICIENT_BITS, 0)
    product = kernel[kept] * (chosen >> drop).astype(np.float64)
    cut = (product.view(np.int64) & ~((1 << (53 - SCORE_BITS)) - 1)).view(np.float64)
    cut[np.frexp(cut)[1] + drop + exponent <= total - OCTAVES] = 0
    scores[kept] = np.ldexp(cut, drop + exponent)
    return scores

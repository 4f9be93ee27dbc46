"""Mean gradients of the loss with respect to the prunable tensors, and their products with the Hessian.

Normalisations are evaluated by the statistics of the samples at hand, as in the first step of training, which is how
the authors of SNIP, FORCE and GraSP score. Many samples are cut into chunks of nearly equal size, and each chunk is
normalised by itself: that bounds memory.
"""

from collections.abc import Callable, Iterator

import numpy as np

from trainer.backends import Tensor, backend
from trainer.losses import cross_entropy
from trainer.models.network import Network
from trainer.pruners.pruner import Samples
from trainer.pruners.twice import differentiable_twice
from trainer.tensors import Float64, Scores, Weights

CHUNK = 128
"""Samples that are differentiated at a time."""

Gradient = Callable[[Weights, Samples], Scores]
"""The mean gradient at some weights over some samples: for each tensor, or None where it is not prunable."""

_Loss = Callable[[list[Tensor]], tuple[Tensor, None]]


def chunks(samples: Samples) -> Iterator[Samples]:
    """The samples in as few parts as may be, none larger than :data:`CHUNK`."""
    x, y = samples
    parts = -(-len(x) // CHUNK)
    yield from zip(np.array_split(x, parts), np.array_split(y, parts), strict=True)


def compile_gradient(network: Network) -> Gradient:
    """Compile the gradient of the mean cross-entropy."""

    def chunk(weights: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
        loss, at = _loss(network, weights, x, y, 1.0)
        return backend().value_and_gradients(loss, at)[1]

    compiled = backend().compile(chunk)
    return lambda weights, samples: _mean(network, compiled, [_tensors(weights)], samples)


def compile_hessian_gradient(network: Network, temperature: float) -> Gradient:
    """Compile H g: the Hessian of the mean cross-entropy times its gradient g, with logits divided by ``temperature``.

    H g is the gradient of g·∇L where g counts as constant. Both are taken over the prunable tensors only.
    """
    from keras import ops

    network = differentiable_twice(network)

    def first(weights: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
        loss, at = _loss(network, weights, x, y, temperature)
        return backend().value_and_gradients(loss, at)[1]

    def second(weights: list[Tensor], direction: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
        loss, at = _loss(network, weights, x, y, temperature)

        def along(values: list[Tensor]) -> tuple[Tensor, None]:
            slopes = backend().value_and_gradients(loss, values)[1]
            return sum(ops.sum(slope * way) for slope, way in zip(slopes, direction, strict=True)), None

        return backend().value_and_gradients(along, at)[1]

    compiled_first, compiled_second = backend().compile(first), backend().compile(second)

    def product(weights: Weights, samples: Samples) -> Scores:
        tensors = _tensors(weights)
        gradient = _mean(network, compiled_first, [tensors], samples)
        direction = [ops.convert_to_tensor(one.astype(np.float32)) for one in gradient if one is not None]
        return _mean(network, compiled_second, [tensors, direction], samples)

    return product


def _tensors(weights: Weights) -> list[Tensor]:
    from keras import ops

    return [ops.convert_to_tensor(weight) for weight in weights]


def _loss(
    network: Network, weights: list[Tensor], x: Tensor, y: Tensor, temperature: float
) -> tuple[_Loss, list[Tensor]]:
    """The mean loss as a function of the prunable tensors, and their values."""
    from keras import ops

    places = [position for position, spec in enumerate(network.specs) if spec.prunable]

    def loss(values: list[Tensor]) -> tuple[Tensor, None]:
        everything = list(weights)
        for place, value in zip(places, values, strict=True):
            everything[place] = value
        logits, _ = network.forward(everything, x)
        return ops.mean(cross_entropy(logits / temperature, y)), None

    return loss, [weights[place] for place in places]


def _mean(
    network: Network, compiled: Callable[..., list[Tensor]], arguments: list[list[Tensor]], samples: Samples
) -> Scores:
    """What ``compiled`` gives for the prunable tensors, averaged over chunks by their samples."""
    from keras import ops

    sums: list[Float64] = [np.zeros(spec.shape) for spec in network.specs if spec.prunable]
    for x, y in chunks(samples):
        found = compiled(*arguments, ops.convert_to_tensor(x), ops.convert_to_tensor(y))
        share = len(x) / len(samples[0])
        sums = [total + share * ops.convert_to_numpy(part) for total, part in zip(sums, found, strict=True)]
    means = iter(sums)
    return tuple(next(means) if spec.prunable else None for spec in network.specs)

"""A client's mean gradient over its samples, for dropped weights too."""

from collections.abc import Callable

import numpy as np

from trainer.backends import Tensor, backend
from trainer.losses import cross_entropy
from trainer.models.network import Network
from trainer.tensors import Float32, Int32, Weights

CHUNK = 256
"""Samples that are differentiated at a time."""

Gradients = Callable[[Weights, Float32, Int32], Weights]


def compile_gradients(network: Network) -> Gradients:
    """Compile the mean gradient of the cross-entropy, normalisations by the statistics of each chunk.

    Returns:
        A function of weights, x (samples, …) and y (samples,) that gives a gradient for every tensor; zeros for
        running statistics.
    """
    from keras import ops

    count = network.trained

    def chunk(trained: list[Tensor], rest: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
        def loss(at: list[Tensor]) -> tuple[Tensor, None]:
            logits, _ = network.forward([*at, *rest], x)
            return ops.sum(cross_entropy(logits, y)), None

        return backend().value_and_gradients(loss, trained)[1]

    compiled = backend().compile(chunk)

    def gradients(weights: Weights, x: Float32, y: Int32) -> Weights:
        tensors = [ops.convert_to_tensor(weight) for weight in weights]
        sums = [np.zeros(spec.shape, np.float32) for spec in network.specs]
        for at in range(0, len(x), CHUNK):
            part = slice(at, at + CHUNK)
            found = compiled(
                tensors[:count], tensors[count:], ops.convert_to_tensor(x[part]), ops.convert_to_tensor(y[part])
            )
            for position, gradient in enumerate(found):
                sums[position] += ops.convert_to_numpy(gradient)
        return tuple(total / np.float32(len(x)) for total in sums)

    return gradients

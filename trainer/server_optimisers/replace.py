"""The clients' mean becomes the model: FedAvg."""

import numpy as np

from trainer.server_optimisers.optimiser import OptimiserMemory
from trainer.tensors import Masks, TensorSpec, Weights


def replace_weights(
    specs: tuple[TensorSpec, ...],
    previous: Weights,
    mean: Weights,
    held: Masks,  # noqa: ARG001 - the signature of all server optimisers
    memory: OptimiserMemory,
    *,
    rate: float,
) -> tuple[Weights, OptimiserMemory]:
    """``previous + rate * (mean - previous)``; with a rate of 1 the mean itself, to the last bit."""
    if rate == 1:
        return mean, memory
    step = np.float32(rate)
    rows = zip(specs, previous, mean, strict=True)
    return tuple(old + step * (new - old) if spec.trained else new for spec, old, new in rows), memory

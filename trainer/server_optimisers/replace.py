"""The clients' mean becomes the model: FedAvg."""

import numpy as np

from trainer.server_optimisers.optimiser import OptimiserMemory
from trainer.tensors import TensorSpec, Weights


def replace_weights(
    specs: tuple[TensorSpec, ...],  # noqa: ARG001 - the signature of all server optimisers
    previous: Weights,
    mean: Weights,
    memory: OptimiserMemory,
    rate: float,
) -> tuple[Weights, OptimiserMemory]:
    """``previous + rate * (mean - previous)``; with a rate of 1 the mean itself, to the last bit."""
    if rate == 1:
        return mean, memory
    step = np.float32(rate)
    return tuple(old + step * (new - old) for old, new in zip(previous, mean, strict=True)), memory

"""FedAvgM: the server follows a velocity that the clients' updates drive.

T.-M. H. Hsu, H. Qi, M. Brown: "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
Classification", 2019, arXiv 1909.06335: v = beta v + update, w = w + rate v, with beta 0.9.
"""

import numpy as np

from trainer.server_optimisers.optimiser import OptimiserMemory, where_held, zeros_unless
from trainer.tensors import Masks, TensorSpec, Weights

BETA = np.float32(0.9)
VELOCITY = "momentum/velocity"


def momentum(
    specs: tuple[TensorSpec, ...],
    previous: Weights,
    mean: Weights,
    held: Masks,
    memory: OptimiserMemory,
    *,
    rate: float,
) -> tuple[Weights, OptimiserMemory]:
    """One step; see :class:`trainer.server_optimisers.ServerOptimiser`."""
    step = np.float32(rate)
    weights, velocities = [], []
    for spec, old, new, mask, velocity in zip(
        specs, previous, mean, held, zeros_unless(memory, VELOCITY, specs), strict=True
    ):
        if not spec.trained:
            weights.append(new)
            velocities.append(velocity)
            continue
        velocities.append(where_held(mask, BETA * velocity + (new - old), velocity))
        weights.append(where_held(mask, old + step * velocities[-1], old))
    return tuple(weights), {VELOCITY: tuple(velocities)}

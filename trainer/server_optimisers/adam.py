"""FedAdam: every element of the model has a step length of its own.

S. Reddi et al.: "Adaptive Federated Optimization", ICLR 2021, arXiv 2003.00295, algorithm 2: m = beta1 m +
(1 - beta1) d, v = beta2 v + (1 - beta2) d², w = w + rate m / (sqrt(v) + tau), where d is the clients' mean minus w;
beta1 0.9, beta2 0.99, tau 0.001, no correction of the bias, m and v 0 at first (the paper lets v start at tau² or
above). A rate near 1 is far too large here: steps are about as long as the rate, so use 0.001 to 0.1.
"""

import numpy as np

from trainer.server_optimisers.optimiser import OptimiserMemory, where_held, zeros_unless
from trainer.tensors import Masks, TensorSpec, Weights

BETA_1, BETA_2, TAU = np.float32(0.9), np.float32(0.99), np.float32(1e-3)
FIRST, SECOND = "adam/first", "adam/second"


def adam(
    specs: tuple[TensorSpec, ...],
    previous: Weights,
    mean: Weights,
    held: Masks,
    memory: OptimiserMemory,
    *,
    rate: float,
) -> tuple[Weights, OptimiserMemory]:
    """One step; see :class:`trainer.server_optimisers.ServerOptimiser`."""
    firsts, seconds = (zeros_unless(memory, name, specs) for name in (FIRST, SECOND))
    step, one = np.float32(rate), np.float32(1)
    weights, next_firsts, next_seconds = [], [], []
    for spec, old, new, mask, first, second in zip(specs, previous, mean, held, firsts, seconds, strict=True):
        if not spec.trained:
            weights.append(new)
            next_firsts.append(first)
            next_seconds.append(second)
            continue
        difference = new - old
        next_firsts.append(where_held(mask, BETA_1 * first + (one - BETA_1) * difference, first))
        next_seconds.append(where_held(mask, BETA_2 * second + (one - BETA_2) * difference**2, second))
        moved = old + step * next_firsts[-1] / (np.sqrt(next_seconds[-1]) + TAU)
        weights.append(where_held(mask, moved, old))
    return tuple(weights), {FIRST: tuple(next_firsts), SECOND: tuple(next_seconds)}

"""What a server optimiser is.

S. Reddi et al.: "Adaptive Federated Optimization", ICLR 2021, arXiv 2003.00295: the difference between the clients'
mean and the server's weights is taken for a gradient.
"""

from typing import Protocol

import numpy as np

from trainer.tensors import Bool, Float32, Masks, TensorSpec, Weights

OptimiserMemory = dict[str, Weights]
"""Tensors that a server optimiser keeps between rounds, by name; empty at first."""


class ServerOptimiser(Protocol):
    """One step of the server."""

    def __call__(
        self,
        specs: tuple[TensorSpec, ...],
        previous: Weights,
        mean: Weights,
        held: Masks,
        memory: OptimiserMemory,
        *,
        rate: float,
    ) -> tuple[Weights, OptimiserMemory]:
        """The next weights.

        Args:
            specs: the model's tensors; running statistics are replaced by their mean, never optimised.
            previous: the server's weights.
            mean: the clients' mean, equal to ``previous`` where nobody holds an element.
            held: elements that at least one client of this round holds; the others do not move, and what is
                remembered of them stays.
            memory: what earlier steps gave; other names may be in it.
            rate: the server's learning rate.
        """


def zeros_unless(memory: OptimiserMemory, name: str, specs: tuple[TensorSpec, ...]) -> Weights:
    """What is remembered under ``name``; zeros before the first step."""
    return memory[name] if name in memory else tuple(np.zeros(spec.shape, np.float32) for spec in specs)


def where_held(held: Bool | None, new: Float32, old: Float32) -> Float32:
    """``new`` where an element is held, else ``old``."""
    return new if held is None else np.where(held, new, old)

"""What a server optimiser is.

S. Reddi et al.: "Adaptive Federated Optimization", ICLR 2021, arXiv 2003.00295: the difference between the clients'
mean and the server's weights is taken for a gradient.
"""

from typing import Protocol

from trainer.tensors import TensorSpec, Weights

OptimiserMemory = dict[str, Weights]
"""Tensors that a server optimiser keeps between rounds, by name; empty at first."""


class ServerOptimiser(Protocol):
    """One step of the server."""

    def __call__(
        self, specs: tuple[TensorSpec, ...], previous: Weights, mean: Weights, memory: OptimiserMemory, rate: float
    ) -> tuple[Weights, OptimiserMemory]:
        """The next weights.

        Args:
            specs: the model's tensors; running statistics are replaced by their mean, never optimised.
            previous: the server's weights.
            mean: the clients' mean, equal to ``previous`` where nobody holds an element.
            memory: what the last step gave.
            rate: the server's learning rate.
        """

"""Initial weights as a function of (seed, tensor, index): see docs/seeded-init.md."""

from trainer.initialisers.he_uniform import initial_weights
from trainer.initialisers.survivors import rescale_survivors

__all__ = ["initial_weights", "rescale_survivors"]

"""What a pruner is: a scoring function, and how its scores turn into masks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.models.network import Network
from trainer.tensors import Float32, Int32, Masks, Scores, Weights

Samples = tuple[Float32, Int32]
"""x (samples, height, width, channels) and y (samples,)."""

Scorer = Callable[["ScoringContext"], Scores]
Budget = Callable[[Scores, int], tuple[int | None, ...]]
"""From scores and the number of weights to keep in all: how many each tensor keeps, None where not prunable."""


@dataclass(frozen=True)
class ScoringContext:
    """What a pruner may look at.

    Attributes:
        network: the model.
        weights: initial weights, already zero where ``masks`` drops them.
        masks: what earlier iterations left.
        random: the only source of chance.
        samples: x and y that data-driven pruners score with; None for the others.
        dense: initial weights, dropped ones too; None where nothing is dropped yet.
    """

    network: Network
    weights: Weights
    masks: Masks
    random: np.random.Generator
    samples: Samples | None = None
    dense: Weights | None = None

    def batch(self) -> Samples:
        """The samples.

        Raises:
            ValueError: there are none.
        """
        if self.samples is None or not len(self.samples[0]):
            raise ValueError("this pruner scores with samples; none were given")
        return self.samples


@dataclass(frozen=True)
class Pruner:
    """A way to choose which weights are kept.

    Attributes:
        name: as users write it.
        prepare: given the network, returns the scoring function; what it compiles is reused over iterations.
        budget: spreads the kept weights over the tensors.
        iterations: times to score and prune, keeping ``density ** (i / iterations)`` after the i-th.
        needs_data: whether it scores with samples.
        revives: whether a weight that an iteration dropped may come back in a later one.
        rescales: whether training starts from survivors that make up for dropped inputs
            (:mod:`trainer.initialisers.survivors`), not from the very weights that were scored.
    """

    name: str
    prepare: Callable[[Network], Scorer]
    budget: Budget
    iterations: int = 1
    needs_data: bool = False
    revives: bool = False
    rescales: bool = True

"""What a structured pruner is: a function that scores channels. How scores become a smaller network is shared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.models.network import Network
from trainer.pruners.pruner import Samples
from trainer.pruners.structured.plan import ChannelPlan
from trainer.tensors import Bool, Float64, Weights

ChannelScores = Float64
"""float64 (classes,): a score for each class of tied channels, higher is better; see :class:`.plan.ChannelPlan`."""

ChannelScorer = Callable[["ChannelContext"], ChannelScores]


@dataclass(frozen=True)
class ChannelContext:
    """What a structured pruner may look at.

    Attributes:
        network: the full network.
        plan: its channels.
        weights: initial weights, zero where they read or make a channel that earlier iterations dropped.
        kept: bool (classes,): what earlier iterations left.
        sparsity: share of prunable weights to remove in the end.
        random: the only source of chance.
        samples: x and y that data-driven pruners score with; None for the others.
    """

    network: Network
    plan: ChannelPlan
    weights: Weights
    kept: Bool
    sparsity: float
    random: np.random.Generator
    samples: Samples | None = None


@dataclass(frozen=True)
class StructuredPruner:
    """A way to choose which channels are kept.

    Attributes:
        name: as users write it.
        prepare: given the network, returns the scoring function; what it compiles is reused over iterations.
        iterations: times to score and prune; the density falls exponentially.
        needs_data: whether it scores with samples.
    """

    name: str
    prepare: Callable[[Network], ChannelScorer]
    iterations: int = 1
    needs_data: bool = False

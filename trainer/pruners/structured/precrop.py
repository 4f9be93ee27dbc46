"""PreCropping: make layers narrower by how dense an unstructured pruner would leave them.

Y. Cai, W. Hua, H. Chen, G. E. Suh, C. De Sa, Z. Zhang: "Structured Pruning is All You Need for Pruning CNNs at
Initialization", arXiv 2203.02549: what matters is how many weights each layer keeps, not which. So no channel is better
than another, and the first of each layer are kept. The densities are those of SynFlow's masks at the same sparsity.
The authors choose widths by an optimisation; here a group of layers with density p keeps the share s * sqrt(p) of its
channels, for a kernel's weights go with the product of the channels at its two ends, and one s for all groups is found
that meets the budget.
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.prune import prune
from trainer.pruners.structured.plan import density_of
from trainer.pruners.structured.pruner import ChannelContext, ChannelScorer, ChannelScores, StructuredPruner
from trainer.pruners.synflow import SYNFLOW


def prepare(network: Network) -> ChannelScorer:
    """Nothing is compiled before the densities are asked for."""

    def score(context: ChannelContext) -> ChannelScores:
        masks = prune(SYNFLOW, network, context.weights, context.sparsity, random=context.random)
        scores = np.zeros(context.plan.classes)
        for group in context.plan.groups:
            # Channel number j (from 1) of c stays while j <= s * share * c, that is, while its score is at least 1/s.
            share = np.sqrt(density_of(group, masks))
            scores[group.classes] = share * group.channels / np.arange(1, group.channels + 1)
        return scores

    return score


PRECROP = StructuredPruner("precrop", prepare)

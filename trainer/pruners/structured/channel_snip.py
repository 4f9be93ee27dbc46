"""Channel SNIP: keep the channels whose removal would change the loss most.

J. van Amersfoort, M. Alizadeh, S. Farquhar, N. Lane, Y. Gal: "Single Shot Structured Pruning Before Training",
arXiv 2007.00389: SNIP's sensitivity (N. Lee et al., arXiv 1810.02340) of a gate on a channel, |dL/dgate| at 1. A gate
behind the activation scales every weight that reads the channel, so its derivative is the sum of w * dL/dw over those
weights. Over the weights that make the channel the sum would be of no use: a normalisation behind them takes their
scale out, and the sum is zero. A channel of a residual stream has several readers. The paper's second variant, which
divides by the channel's cost, is left out.
"""

import numpy as np

from trainer.models.network import Network
from trainer.pruners.gradients import compile_gradient
from trainer.pruners.structured.pruner import ChannelContext, ChannelScorer, ChannelScores, StructuredPruner


def prepare(network: Network) -> ChannelScorer:
    """Compile the gradient of ``network``."""
    gradient = compile_gradient(network)

    def score(context: ChannelContext) -> ChannelScores:
        if context.samples is None or not len(context.samples[0]):
            raise ValueError("this pruner scores with samples; none were given")
        slopes = gradient(context.weights, context.samples)
        products = tuple(
            None if slope is None else slope * weight for slope, weight in zip(slopes, context.weights, strict=True)
        )
        return np.abs(context.plan.sum_over_readers(products))

    return score


CHANNEL_SNIP = StructuredPruner("channel-snip", prepare, needs_data=True)

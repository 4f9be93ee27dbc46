"""Channel SynFlow: keep the channels that carry the most synaptic flow; no data is needed.

H. Tanaka, D. Kunin, D. L. K. Yamins, S. Ganguli: "Pruning neural networks without any data by iteratively
conserving synaptic flow", NeurIPS 2020, arXiv 2006.05467: the flow through a unit is the sum of the scores of the
weights that read it (in a plain chain of layers also that of the weights that make it). So channels are ranked by that
sum, in iterations as the paper ranks weights.
"""

from trainer.models.network import Network
from trainer.pruners.pruner import ScoringContext
from trainer.pruners.structured.pruner import ChannelContext, ChannelScorer, ChannelScores, StructuredPruner
from trainer.pruners.synflow import prepare as prepare_synflow
from trainer.tensors import all_kept

STEPS = 30


def prepare(network: Network) -> ChannelScorer:
    """Compile the flow of ``network``."""
    flow = prepare_synflow(network)

    def score(context: ChannelContext) -> ChannelScores:
        masks = all_kept(context.network.specs)
        scores = flow(ScoringContext(context.network, context.weights, masks, context.random))
        return context.plan.sum_over_readers(scores)

    return score


CHANNEL_SYNFLOW = StructuredPruner("channel-synflow", prepare, STEPS)

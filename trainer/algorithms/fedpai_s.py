"""FedPaI-S: the server removes channels before training; clients get a physically smaller, dense network.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308. Sparsity is the share of the full network's weights that the smaller one does not have.
"""

from trainer.algorithms.algorithm import Algorithm, Beginning, ServerState
from trainer.algorithms.rounds import run_round
from trainer.channels import Compaction, shrink
from trainer.initialisers import rescale_survivors
from trainer.pruners import STRUCTURED_PRUNERS, prune_channels
from trainer.pruners.pruner import Samples
from trainer.seeds import Purpose, generator
from trainer.tensors import all_kept

_PRUNERS = ("channel-synflow", *(name for name in STRUCTURED_PRUNERS.names if name != "channel-synflow"))


def remove_channels(beginning: Beginning) -> Compaction:
    """Score channels and keep the best, one set of them for all clients."""
    pruner = STRUCTURED_PRUNERS.get(beginning.pruner or _PRUNERS[0])
    random = generator(beginning.seed, Purpose.SCORES)
    samples = _batches(beginning) if pruner.needs_data else None
    network, weights = beginning.network, beginning.weights
    keep = prune_channels(pruner, network, weights, beginning.sparsity, random=random, samples=samples)
    return shrink(network, keep)


def init(beginning: Beginning) -> ServerState:
    """All weights of the smaller network, made up for the inputs that units have lost."""
    specs = beginning.network.specs
    masks = all_kept(specs)
    return ServerState(0, specs, rescale_survivors(specs, beginning.weights, masks), (masks,) * beginning.clients)


def _batches(beginning: Beginning) -> list[Samples]:
    clients = range(beginning.clients) if beginning.mask_source == "federated" else (beginning.richest(),)
    return [beginning.samples_of(client) for client in clients]


FEDPAI_S = Algorithm(
    init, run_round, prunes=True, pruners=_PRUNERS, mask_sources=("federated",), shrink=remove_channels
)

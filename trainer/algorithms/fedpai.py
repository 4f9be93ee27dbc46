"""FedPaI-U: prune at initialisation, then federate the survivors under the fixed mask.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308. Here the saliency needs no data, so one mask serves all clients.
"""

from trainer.algorithms.algorithm import Algorithm, Beginning, ServerState
from trainer.algorithms.rounds import run_round
from trainer.initialisers import rescale_survivors
from trainer.pruners import prune


def init(beginning: Beginning) -> ServerState:
    """Score the initial weights, keep the best, and make up for the inputs that units have lost."""
    masks = prune(beginning.pruner, beginning.network, beginning.weights, beginning.sparsity, beginning.random)
    weights = rescale_survivors(beginning.weights, masks)
    return ServerState(0, beginning.network.specs, weights, (masks,) * beginning.clients)


FEDPAI_U = Algorithm(init, run_round, prunes=True)

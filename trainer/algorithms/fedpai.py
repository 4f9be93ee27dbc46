"""FedPaI-U: prune at initialisation, then federate the survivors under the fixed mask.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308.
"""

from trainer.algorithms.algorithm import Algorithm, Beginning, ServerState
from trainer.algorithms.rounds import run_round
from trainer.channels import complete_masks
from trainer.initialisers import rescale_survivors
from trainer.pruners import PRUNERS, prune
from trainer.seeds import Purpose, generator


def init(beginning: Beginning) -> ServerState:
    """Score the initial weights, keep the best, and make up for the inputs that units have lost."""
    random = generator(beginning.seed, Purpose.SCORES)
    network, specs = beginning.network, beginning.network.specs
    masks = prune(beginning.pruner, network, beginning.weights, beginning.sparsity, random=random)
    masks = complete_masks(network, masks)
    weights = rescale_survivors(specs, beginning.weights, masks)
    return ServerState(0, specs, weights, (masks,) * beginning.clients)


FEDPAI_U = Algorithm(
    init, run_round, prunes=True, pruners=("synflow", *(name for name in PRUNERS.names if name != "synflow"))
)

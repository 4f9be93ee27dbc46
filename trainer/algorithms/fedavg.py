"""FedAvg: the dense baseline.

H. B. McMahan et al.: "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017,
arXiv 1602.05629. It is FedPaI with masks that keep everything.
"""

from trainer.algorithms.algorithm import Algorithm, Beginning, ServerState
from trainer.algorithms.rounds import run_round
from trainer.tensors import all_kept


def init(beginning: Beginning) -> ServerState:
    """All weights, for all clients."""
    masks = all_kept(beginning.network.specs)
    return ServerState(0, beginning.network.specs, beginning.weights, (masks,) * beginning.clients)


FEDAVG = Algorithm(init, run_round, prunes=False)

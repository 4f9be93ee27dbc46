"""FedProx: FedAvg whose clients are pulled towards the model they received.

T. Li et al.: "Federated Optimization in Heterogeneous Networks", MLSys 2020, arXiv 1812.06127. The proximal term
mu / 2 |w - w0|² is part of local training (:class:`trainer.engines.base.LocalWork`). Of the paper's two ideas this is
the one about training; its other, to accept partial work of slow clients, has no slow clients here to act on.
"""

from trainer.algorithms.algorithm import Algorithm
from trainer.algorithms.fedavg import init
from trainer.algorithms.rounds import run_round

FEDPROX = Algorithm(init, run_round, prunes=False, proximal=True)

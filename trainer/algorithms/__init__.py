"""Federated algorithms by name."""

from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.fedavg import FEDAVG
from trainer.algorithms.fedpai import FEDPAI_U
from trainer.algorithms.fedprox import FEDPROX
from trainer.registry import Registry

ALGORITHMS: Registry[Algorithm] = Registry("method", {"fedpai-u": FEDPAI_U, "fedavg": FEDAVG, "fedprox": FEDPROX})

__all__ = ["ALGORITHMS", "Algorithm", "Beginning", "RoundMetrics", "RoundPlan", "ServerState"]

"""Federated algorithms by name."""

from trainer.algorithms.algorithm import Algorithm, Beginning, RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.fedavg import FEDAVG
from trainer.algorithms.feddst import FEDDST
from trainer.algorithms.fedpai import FEDPAI_U
from trainer.algorithms.fedpai_s import FEDPAI_S
from trainer.algorithms.fedprox import FEDPROX
from trainer.algorithms.fedtiny import FEDTINY
from trainer.algorithms.iterative_magnitude import ITERATIVE_MAGNITUDE
from trainer.algorithms.prunefl import PRUNEFL
from trainer.registry import Registry

ALGORITHMS: Registry[Algorithm] = Registry(
    "method",
    {
        "fedpai-u": FEDPAI_U,
        "fedpai-s": FEDPAI_S,
        "fedavg": FEDAVG,
        "fedprox": FEDPROX,
        "prunefl": PRUNEFL,
        "feddst": FEDDST,
        "fedtiny": FEDTINY,
        "iterative-magnitude": ITERATIVE_MAGNITUDE,
    },
)

__all__ = ["ALGORITHMS", "Algorithm", "Beginning", "RoundMetrics", "RoundPlan", "ServerState"]

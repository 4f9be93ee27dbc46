"""Pruners by name."""

from trainer.pruners.erk import ERK
from trainer.pruners.force import FORCE
from trainer.pruners.grasp import GRASP
from trainer.pruners.iterative_snip import ITERATIVE_SNIP
from trainer.pruners.magnitude import MAGNITUDE
from trainer.pruners.ntk_sap import NTK_SAP
from trainer.pruners.prune import prune, score_once
from trainer.pruners.pruner import Pruner
from trainer.pruners.random import RANDOM
from trainer.pruners.snip import SNIP
from trainer.pruners.synflow import SYNFLOW
from trainer.registry import Registry

PRUNERS: Registry[Pruner] = Registry(
    "pruner",
    {pruner.name: pruner for pruner in (RANDOM, ERK, MAGNITUDE, SNIP, ITERATIVE_SNIP, FORCE, GRASP, SYNFLOW, NTK_SAP)},
)

__all__ = ["PRUNERS", "Pruner", "prune", "score_once"]

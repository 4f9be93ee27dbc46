"""Pruners by name: unstructured ones choose weights, structured ones channels."""

from host_bridge.errors import UserError
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
from trainer.pruners.structured import STRUCTURED_PRUNERS, StructuredPruner, prune_channels
from trainer.pruners.synflow import SYNFLOW
from trainer.registry import Registry

PRUNERS: Registry[Pruner] = Registry(
    "pruner",
    {pruner.name: pruner for pruner in (RANDOM, ERK, MAGNITUDE, SNIP, ITERATIVE_SNIP, FORCE, GRASP, SYNFLOW, NTK_SAP)},
)


def check_pruner_name(name: str) -> str:
    """Return the name of a pruner of either kind.

    Raises:
        UserError: it is unknown; lists the choices of both kinds.
    """
    both = (*PRUNERS.names, *STRUCTURED_PRUNERS.names)
    if name not in both:
        raise UserError(f"unknown pruner {name!r}; choose from: {', '.join(both)}")
    return name


__all__ = [
    "PRUNERS",
    "STRUCTURED_PRUNERS",
    "Pruner",
    "StructuredPruner",
    "check_pruner_name",
    "prune",
    "prune_channels",
    "score_once",
]

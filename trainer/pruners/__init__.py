"""Pruners by name."""

from trainer.pruners.magnitude import MAGNITUDE
from trainer.pruners.prune import prune
from trainer.pruners.pruner import Pruner
from trainer.pruners.random import RANDOM
from trainer.pruners.synflow import SYNFLOW
from trainer.registry import Registry

PRUNERS: Registry[Pruner] = Registry("pruner", {"random": RANDOM, "magnitude": MAGNITUDE, "synflow": SYNFLOW})

__all__ = ["PRUNERS", "Pruner", "prune"]

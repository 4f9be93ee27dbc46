"""Structured pruners by name: what they keep is a physically smaller network."""

from trainer.pruners.structured.channel_snip import CHANNEL_SNIP
from trainer.pruners.structured.channel_synflow import CHANNEL_SYNFLOW
from trainer.pruners.structured.precrop import PRECROP
from trainer.pruners.structured.prune import prune_channels
from trainer.pruners.structured.pruner import StructuredPruner
from trainer.registry import Registry

STRUCTURED_PRUNERS: Registry[StructuredPruner] = Registry(
    "structured pruner", {pruner.name: pruner for pruner in (CHANNEL_SNIP, CHANNEL_SYNFLOW, PRECROP)}
)

__all__ = ["STRUCTURED_PRUNERS", "StructuredPruner", "prune_channels"]

"""Places where clients run, by name."""

from collections.abc import Callable

from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask, Engine, LocalWork
from trainer.engines.local import LocalEngine
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.registry import Registry

EngineFactory = Callable[[Network, Dataset, Partition, int], Engine]

ENGINES: Registry[EngineFactory] = Registry("engine", {"local": LocalEngine})

__all__ = ["ENGINES", "ClientReply", "ClientTask", "Engine", "EngineFactory", "LocalWork"]

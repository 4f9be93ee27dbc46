"""Places where clients run, by name."""

from typing import Protocol

from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask, Engine, LocalWork
from trainer.engines.local import LocalEngine
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.registry import Registry


class EngineFactory(Protocol):
    """Makes an engine from a network, its data, who holds which samples, and the run's seed."""

    def __call__(
        self, network: Network, dataset: Dataset, partition: Partition, seed: int, *, compaction: bool
    ) -> Engine:
        """``compaction``: whether clients train without the channels that a mask leaves dead."""


ENGINES: Registry[EngineFactory] = Registry("engine", {"local": LocalEngine})

__all__ = ["ENGINES", "ClientReply", "ClientTask", "Engine", "EngineFactory", "LocalWork"]

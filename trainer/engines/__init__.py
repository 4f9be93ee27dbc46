"""Places where clients run, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trainer.datasets import Dataset
from trainer.engines.base import ClientReply, ClientTask, Engine, LocalWork
from trainer.engines.local import LocalEngine
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.registry import Registry

if TYPE_CHECKING:
    from trainer.config import RunConfig


@dataclass(frozen=True)
class EnginePlace:
    """What an engine is made from.

    Attributes:
        network: what clients train.
        dataset: where the samples are.
        partition: which of them each client holds.
        seed: of the run.
        compaction: whether clients train without the channels that a mask leaves dead.
        config: the run's options, for engines whose clients are elsewhere.
    """

    network: Network
    dataset: Dataset = field(repr=False)
    partition: Partition = field(repr=False)
    seed: int
    compaction: bool
    config: "RunConfig" = field(repr=False)


def _local(place: EnginePlace) -> Engine:
    return LocalEngine(place.network, place.dataset, place.partition, place.seed, compaction=place.compaction)


def _flower(place: EnginePlace) -> Engine:
    from trainer.flower.start import start_engine

    return start_engine(place)


ENGINES: Registry[Callable[[EnginePlace], Engine]] = Registry("engine", {"local": _local, "flower": _flower})

__all__ = ["ENGINES", "ClientReply", "ClientTask", "Engine", "EnginePlace", "LocalWork"]

"""What a checkpoint holds."""

from dataclasses import dataclass, field
from typing import Any

from trainer.engines.base import Memory
from trainer.history import RoundRecord
from trainer.tensors import Masks, Weights


@dataclass(frozen=True)
class Origin:
    """What a run stands on beside its options; another origin would continue another run.

    Attributes:
        backend: what Keras runs on; float sums differ between backends.
        data: CRC-32 over all samples and labels.
        tensors: name and shape of every tensor of the model.
    """

    backend: str
    data: int
    tensors: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Checkpoint:
    """A run between two rounds.

    Attributes:
        config: its options, as JSON has them.
        origin: what it stands on.
        round: rounds done.
        weights: the server's.
        masks: for each client; one and the same object where they are shared.
        memory: what the server's optimiser and the algorithm remember, by name.
        clients: what clients remember, from :meth:`trainer.engines.base.Engine.memory`.
        records: of the rounds done.
    """

    config: dict[str, Any] = field(repr=False)
    origin: Origin = field(repr=False)
    round: int
    weights: Weights = field(repr=False)
    masks: tuple[Masks, ...] = field(repr=False)
    memory: dict[str, Weights] = field(repr=False)
    clients: Memory = field(repr=False)
    records: tuple[RoundRecord, ...] = field(repr=False)

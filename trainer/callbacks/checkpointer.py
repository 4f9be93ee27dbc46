"""Writes a checkpoint after every round."""

from pathlib import Path

from trainer.algorithms import ServerState
from trainer.checkpoint import Checkpoint, Origin, write_checkpoint
from trainer.config import RunConfig
from trainer.engines import Engine
from trainer.history import RoundRecord


class Checkpointer:
    """See :class:`trainer.callbacks.callback.Callback`.

    Args:
        path: the file, replaced as a whole each time.
        config: options of the run.
        origin: what the run stands on.
        engine: whose clients' memory is saved too.
        done: records of the rounds done before.
    """

    def __init__(
        self, path: Path, config: RunConfig, origin: Origin, engine: Engine, done: tuple[RoundRecord, ...]
    ) -> None:
        self._path = path
        self._config = config.model_dump(mode="json")
        self._origin = origin
        self._engine = engine
        self._records = list(done)

    def on_round(self, record: RoundRecord, state: ServerState) -> None:
        """Save everything that the next round needs."""
        self._records.append(record)
        checkpoint = Checkpoint(
            config=self._config,
            origin=self._origin,
            round=state.round,
            weights=state.weights,
            masks=state.masks,
            memory=state.memory,
            clients=self._engine.memory(),
            records=tuple(self._records),
        )
        write_checkpoint(checkpoint, self._path)

    def close(self) -> None:
        """The last checkpoint stays; the run removes it once its results are in place."""

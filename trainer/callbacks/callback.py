"""What a callback is."""

from typing import Protocol

from trainer.algorithms import ServerState
from trainer.history import RoundRecord


class Callback(Protocol):
    """Hears about rounds.

    Files that callbacks write come from the records alone: the checkpoint holds all records, so a resumed run starts
    such a file anew with the records of the checkpoint, and no round is missing or twice in it, wherever the run was
    killed. A new run touches nothing of an earlier one before its first round is done.
    """

    def on_round(self, record: RoundRecord, state: ServerState) -> None:
        """A round is done.

        Args:
            record: what happened.
            state: the server's state after it.
        """

    def close(self) -> None:
        """No more rounds come, because all are done or because something failed."""

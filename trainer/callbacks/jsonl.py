"""``rounds.jsonl``: one line per round, as it happens, with the keys of ``rounds`` in ``summary.json``."""

from pathlib import Path
from typing import TextIO

from host_bridge.errors import UserError
from trainer.algorithms import ServerState
from trainer.history import RoundRecord
from trainer.summary import round_summary

ROUNDS = "rounds.jsonl"


class JsonLines:
    """See :class:`trainer.callbacks.callback.Callback`.

    Args:
        path: the file; what an earlier run left there is replaced.
        done: records of the rounds done before, written again.
    """

    def __init__(self, path: Path, done: tuple[RoundRecord, ...]) -> None:
        self._path = path
        self._file: TextIO | None = None
        for record in done:
            self._append(record)

    def on_round(self, record: RoundRecord, _: ServerState) -> None:
        """Append a line and hand it to the operating system.

        Raises:
            UserError: the file cannot be written.
        """
        self._append(record)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _append(self, record: RoundRecord) -> None:
        try:
            self._file = self._file or self._path.open("w", encoding="utf-8")
            self._file.write(round_summary(record).model_dump_json() + "\n")
            self._file.flush()
        except OSError as error:
            raise UserError(f"cannot write {self._path}: {error.strerror}; choose another --out folder") from error

"""Tells a person about each round."""

from trainer.algorithms import ServerState
from trainer.display import Advance, Display
from trainer.history import RoundRecord


class ShowProgress:
    """See :class:`trainer.callbacks.callback.Callback`.

    Args:
        display: where to.
        advance: moves the bar.
    """

    def __init__(self, display: Display, advance: Advance) -> None:
        self._display = display
        self._advance = advance

    def on_round(self, record: RoundRecord, _: ServerState) -> None:
        """Name updates that were not used, and move the bar."""
        for text in record.rejected:
            self._display.say(f"not used: {text}")
        self._advance(record.round, f"accuracy {record.accuracy:.2%}, loss {record.test_loss:.4f}")

    def close(self) -> None:
        """The bar belongs to the display."""

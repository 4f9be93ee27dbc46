"""What an engine whose clients are elsewhere has sent and received, by the kind of message."""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field

from trainer.engines.base import Engine


@dataclass
class MessageTraffic:
    """Messages and bytes by the kind of message, from the server's side.

    Attributes:
        messages: that were sent.
        bytes_down: of them, as they are written to be sent.
        bytes_up: of their replies.
        values_down: how many of those bytes are clients' values (docs/wire.md).
        values_up: the same of the replies.
    """

    messages: Counter[str] = field(default_factory=Counter)
    bytes_down: Counter[str] = field(default_factory=Counter)
    bytes_up: Counter[str] = field(default_factory=Counter)
    values_down: Counter[str] = field(default_factory=Counter)
    values_up: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Per kind of message: how many, and bytes each way."""
        return "; ".join(
            f"{count} x {kind}, {self.bytes_down[kind]:,} bytes down, {self.bytes_up[kind]:,} up"
            for kind, count in self.messages.items()
        )

    def down(self, kind: str, size: int, values: int = 0) -> None:
        """A message to a client, and how many of its bytes are values."""
        self.messages[kind] += 1
        self.bytes_down[kind] += size
        self.values_down[kind] += values

    def up(self, kind: str, size: int, values: int = 0) -> None:
        """Its reply."""
        self.bytes_up[kind] += size
        self.values_up[kind] += values


class MessagingEngine(ABC):
    """An engine whose clients are elsewhere, reached by messages; it counts them."""

    @property
    @abstractmethod
    def messages(self) -> MessageTraffic:
        """What they have carried so far."""


def messages_of(engine: Engine) -> MessageTraffic | None:
    """What an engine's messages have carried; None where clients are in this process or on its lines."""
    return engine.messages if isinstance(engine, MessagingEngine) else None

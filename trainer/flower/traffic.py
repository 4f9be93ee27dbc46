"""Bytes of Flower's messages, as they are written for the line."""

from collections import Counter
from dataclasses import dataclass, field

from flwr.app import Message
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects


def message_bytes(message: Message) -> int:
    """Bytes of a message's objects as Flower sends them; gRPC's and TLS's own framing is not in it."""
    return sum(len(one.deflate()) for one in get_all_nested_objects(message).values())


@dataclass
class FlowerTraffic:
    """Messages and bytes by the type of the message, from the server's side."""

    messages: Counter[str] = field(default_factory=Counter)
    bytes_down: Counter[str] = field(default_factory=Counter)
    bytes_up: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Per type of message: how many, and bytes each way."""
        return "; ".join(
            f"{count} x {kind}, {self.bytes_down[kind]:,} bytes down, {self.bytes_up[kind]:,} up"
            for kind, count in self.messages.items()
        )

    def down(self, kind: str, size: int) -> None:
        """A message to a SuperNode."""
        self.messages[kind] += 1
        self.bytes_down[kind] += size

    def up(self, kind: str, size: int) -> None:
        """Its reply."""
        self.bytes_up[kind] += size

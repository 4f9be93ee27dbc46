"""The part of ``summary.json`` about messages to clients on other machines."""

from pydantic import BaseModel, ConfigDict, Field

from trainer.engines.messages import MessageTraffic


class MessageSummary(BaseModel):
    """All messages of one kind, and the replies to them; of the rounds since the run was last resumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="what Flower calls it")
    count: int = Field(description="messages that were sent")
    bytes_down: int = Field(description="of all of them as Flower writes them, without the framing of HTTP and TLS")
    bytes_up: int = Field(description="of the replies, likewise")
    values_down: int = Field(description="how many of those bytes are clients' values; the rest is Flower's own")
    values_up: int = Field(description="the same of the replies")


def messages_summary(traffic: MessageTraffic | None) -> tuple[MessageSummary, ...]:
    """Summarise them; empty where there were none."""
    if traffic is None:
        return ()
    return tuple(
        MessageSummary(
            kind=kind,
            count=count,
            bytes_down=traffic.bytes_down[kind],
            bytes_up=traffic.bytes_up[kind],
            values_down=traffic.values_down[kind],
            values_up=traffic.values_up[kind],
        )
        for kind, count in traffic.messages.items()
    )

"""A grid without Flower's servers: each message goes straight to the ClientApp, with the context of its node."""

from collections.abc import Callable, Iterable
from typing import Any

from flwr.app import ConfigRecord, Context, Error, Message, RecordDict
from flwr.common.constant import ErrorCode
from flwr.supercore.task_identity import TaskIdentity

from trainer.flower.client_app import app

Tamper = Callable[[Message, Message], Message]


class NodeGrid:
    """SuperNodes in this process.

    Args:
        nodes: for each node its settings.
        tamper: by node, from a message and its reply to the reply that is delivered.
    """

    def __init__(self, nodes: dict[int, dict[str, Any]], tamper: dict[int, Tamper] | None = None) -> None:
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        self._nodes = {}
        for node, settings in nodes.items():
            self.start(node, settings)
        self._tamper = tamper or {}
        self._replies: dict[str, Message] = {}
        self.delivered: list[tuple[int, str]] = []
        self.hanging: set[int] = set()
        self.bytes_down: dict[str, list[int]] = {}

    def start(self, node: int, settings: dict[str, Any]) -> None:
        """A node that knows nothing yet."""
        self._nodes[node] = Context(run_id=1, node_id=node, node_config=settings, state=RecordDict(), run_config={})

    def tell(self, node: int, name: str, record: ConfigRecord) -> None:
        """Have a node believe what the server has not said."""
        self._nodes[node].state.config_records[name] = record

    def kill(self, node: int) -> None:
        del self._nodes[node]

    def get_node_ids(self) -> list[int]:
        return list(self._nodes)

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        sent = []
        for message in messages:
            name = f"m{len(self.delivered)}"
            message.metadata.__dict__["_message_id"] = name
            self.delivered.append((message.metadata.dst_node_id, message.metadata.message_type))
            if message.metadata.dst_node_id not in self.hanging:
                self._replies[name] = self._reply(message)
            sent.append(name)
        return sent

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        return [self._replies.pop(name) for name in list(message_ids) if name in self._replies]

    def _reply(self, message: Message) -> Message:
        node = message.metadata.dst_node_id
        context = self._nodes.get(node)
        if context is None:
            return Message(Error(code=ErrorCode.NODE_UNAVAILABLE, reason="node is gone"), reply_to=message)
        reply = app(message, context)
        return self._tamper.get(node, lambda _, reply: reply)(message, reply)

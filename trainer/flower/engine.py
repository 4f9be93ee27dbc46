"""The engine whose clients are behind a Flower Grid."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from host_bridge.errors import UserError
from trainer.engines.base import ClientReply, ClientTask, GradientReply, Memory
from trainer.engines.messages import MessageTraffic, MessagingEngine
from trainer.flower import records
from trainer.tensors import Masks, Weights

POLL_SECONDS = 0.02
AHEAD = 64
"""Messages that are under way at most, so that the server holds few of them, however many clients there are."""
DEAD_AFTER_SECONDS = 5.0
"""How often nodes that have vanished are looked for while replies are awaited."""


@dataclass(frozen=True)
class Patience:
    """How long the server waits.

    Attributes:
        meeting: seconds for all clients to be there before the first round.
        reply: seconds for a reply to any one message; a client that takes longer is left out of the round.
    """

    meeting: float = 120.0
    reply: float = 600.0


@dataclass
class FlowerEngine(MessagingEngine):
    """Hands tasks to SuperNodes; those that vanish are left out, those that come are told what they need.

    Args:
        grid: Flower's.
        options: of the run, as JSON.
        clients: how many there are.
        identity: of model and data (:func:`trainer.flower.site.identity`); a node with another is refused.
        most_samples: of any client.
        patience: how long to wait.
        say: told, in a line each, about nodes that are refused or vanish.
        on_close: called by :meth:`close`.
    """

    grid: Grid
    options: str
    clients: int
    identity: str
    most_samples: int = 1
    patience: Patience = Patience()
    say: Callable[[str], None] = lambda _: None
    on_close: Callable[[], None] = lambda: None
    _messages: MessageTraffic = field(default_factory=MessageTraffic)
    _node_of: dict[int, int] = field(default_factory=dict)
    _refused: set[int] = field(default_factory=set)
    _masks: tuple[Masks, ...] = ()
    _restored: dict[str, Any] = field(default_factory=dict)

    @property
    def messages(self) -> MessageTraffic:
        """What has travelled, by kind of message."""
        return self._messages

    def know(self, node_of: Mapping[int, int]) -> None:
        """Take it as known which node has which client."""
        self._node_of |= node_of

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Fix each client's mask; every node is sent those of its own clients, once."""
        self._masks = masks
        known, self._node_of = self._node_of, {}
        self._meet(set(known.values()) or None)
        if not known:
            self._await_all()

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """Run tasks; replies come in any order, and those of nodes that have vanished are missing."""
        self._meet()
        if json.loads(self.options).get("privacy") == "secagg":
            yield from self._train_secure(list(tasks))
            return
        strangers: list[ClientTask] = []
        yield from self._train(tasks, strangers)
        if strangers:
            self._greet_again({self._node_of[task.client] for task in strangers})
            yield from self._train(strangers, [])

    def _train_secure(self, tasks: list[ClientTask]) -> Iterator[ClientReply]:
        """The mean of all clients as each one's reply; nodes that were started anew are there in the next round."""
        from trainer.flower.secure_server import SecureRound

        there = [task for task in tasks if task.client in self._node_of]
        round_ = SecureRound(
            there, lambda sent: self._exchange(sent, lambda task: task.client), self.most_samples, self.say
        )
        yield from round_.replies()
        if round_.strangers:
            self._greet_again({self._node_of[client] for client in round_.strangers})

    def _train(self, tasks: Iterable[ClientTask], strangers: list[ClientTask]) -> Iterator[ClientReply]:
        """Replies; tasks that met a node which has been started anew go to ``strangers``."""
        sent = ((task, records.TRAIN, records.task_content(task)) for task in tasks)
        for task, content in self._exchange(sent, lambda task: task.client):
            try:
                records.check_refusal(content)
                yield records.read_reply(content)
            except records.RefusedError as error:
                if error.stranger:
                    strangers.append(task)
                else:
                    self.say(f"client {task.client} refused round {task.round}: {error}")

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:
        """Mean dense gradients of clients at ``weights``."""
        self._meet()
        arrays = list(weights)
        sent = ((one, records.GRADIENTS, records.arrays_content(arrays, {"client": one})) for one in clients)
        for client, content in self._exchange(sent, lambda one: one):
            try:
                records.check_refusal(content)
            except records.RefusedError as error:
                self.say(f"client {client} sent no gradients: {error}")
                continue
            found = tuple(array.numpy() for array in records.values_record(content).values())
            yield GradientReply(client, found, int(records.read_settings(content)["samples"]))

    def memory(self) -> Memory:
        """What clients remember, asked of the nodes; unrounded values leave nothing to remember."""
        if json.loads(self.options).get("encoding", "float32") == "float32":
            return {}
        found = dict(self._restored)
        sent = ((node, records.RECALL, records.settings_content({})) for node in set(self._node_of.values()))
        for _, content in self._exchange(sent):
            found |= records.read_memory(records.values_record(content))
        return found

    def restore(self, memory: Memory) -> None:
        """Bring back what :meth:`memory` gave, to those nodes that are there."""
        self._restored = dict(memory)
        for node in set(self._node_of.values()):
            self._restore(node)

    def close(self) -> None:
        """Let go of the grid; tell what has travelled."""
        if self._messages.messages:
            self.say(str(self._messages))
        self.on_close()

    def _greet_again(self, nodes: set[int]) -> None:
        """Nodes that were started anew since they were met are told what they need."""
        self._node_of = {client: node for client, node in self._node_of.items() if node not in nodes}
        self._meet(nodes)

    def _await_all(self) -> None:
        """Wait until every client has a node.

        Raises:
            UserError: some have none in time; names them.
        """
        end = time.monotonic() + self.patience.meeting
        while missing := [client for client in range(self.clients) if client not in self._node_of]:
            if time.monotonic() > end:
                raise UserError(
                    f"clients {', '.join(map(str, missing[:5]))}{' …' if len(missing) > 5 else ''} have no SuperNode "
                    f"after {self.patience.meeting:g} s; start one for them, or look at what the SuperNodes say"
                )
            time.sleep(0.5)
            self._meet()

    def _meet(self, nodes: set[int] | None = None) -> None:
        """Greet nodes that are not known yet (or ``nodes``), and forget those that are gone."""
        present = set(self.grid.get_node_ids())
        gone = set(self._node_of.values()) - present
        for node in sorted(gone):
            lost = [client for client, one in self._node_of.items() if one == node]
            self.say(f"a SuperNode has vanished, and with it client {', '.join(map(str, lost))}")
        self._node_of = {client: node for client, node in self._node_of.items() if node not in gone}
        new = (present if nodes is None else present & nodes) - set(self._node_of.values()) - self._refused
        question = {"protocol": records.PROTOCOL, "options": self.options}
        sent = ((node, records.HELLO, records.settings_content(question)) for node in sorted(new))
        for node, content in self._exchange(sent):
            try:
                records.check_refusal(content)
                self._introduce(node, records.read_settings(content))
            except records.RefusedError as error:
                self._refused.add(node)
                self.say(f"a SuperNode is left out: {error}")

    def _introduce(self, node: int, known: Mapping[str, Any]) -> None:
        """Send a node the masks of its clients.

        Raises:
            RefusedError: it has another model or other data.
        """
        if known["identity"] != self.identity:
            raise records.RefusedError(
                f"SuperNode {known['number']} has another model or other data ({str(known['identity'])[:12]}… where "
                f"{self.identity[:12]}… belongs); install the same version and the same files on both"
            )
        own = [client for client in known["clients"] if client < self.clients]
        taken = [client for client in own if client in self._node_of]
        if taken:
            raise records.RefusedError(
                f"SuperNode {known['number']} claims client {taken[0]}, which another one has; "
                "give each a partition-id of its own"
            )
        if own:
            content = RecordDict({"masks": records.masks_record({client: self._masks[client] for client in own})})
            for _, answer in self._exchange([(node, records.AGREE, content)]):
                records.check_refusal(answer)
                self._node_of |= dict.fromkeys(own, node)
                self._restore(node)

    def _restore(self, node: int) -> None:
        """Give a node what its clients remembered."""
        own = {client for client, one in self._node_of.items() if one == node}
        memory = {name: kept for name, kept in self._restored.items() if records.client_of(name) in own}
        if memory:
            for _, answer in self._exchange([(node, records.RESTORE, records.memory_content(memory))]):
                records.check_refusal(answer)

    def _exchange(
        self, sent: Iterable[tuple[Any, str, RecordDict]], client_of: Callable[[Any], int] | None = None
    ) -> Iterator[tuple[Any, RecordDict]]:
        """Send messages, a few ahead of the replies.

        Args:
            sent: for each message whom or what it is about, its type and its content.
            client_of: from what a message is about to the client it is for; None if it is about a node.

        Yields:
            What a message was about, and the reply's content; nothing for those that are not answered.
        """
        waiting: dict[str, _Waiting] = {}
        looked = time.monotonic()
        for about, kind, content in sent:
            node = about if client_of is None else self._node_of.get(client_of(about))
            if node is None:
                continue
            message = Message(content, dst_node_id=node, message_type=kind, ttl=self.patience.reply)
            self._messages.down(kind, records.message_bytes(message), records.value_bytes(content))
            for sent_id in self.grid.push_messages([message]):
                waiting[sent_id] = _Waiting(about, kind, node, time.monotonic() + self.patience.reply)
            while len(waiting) >= AHEAD:
                yield from self._pull(waiting)
        while waiting:
            yield from self._pull(waiting)
            if waiting and time.monotonic() - looked > DEAD_AFTER_SECONDS:
                looked = time.monotonic()
                self._give_up(waiting)

    def _pull(self, waiting: "dict[str, _Waiting]") -> Iterator[tuple[Any, RecordDict]]:
        replies = list(self.grid.pull_messages(list(waiting)))
        for reply in replies:
            asked = waiting.pop(reply.metadata.reply_to_message_id)
            if reply.has_error():
                self.say(f"a SuperNode failed: {reply.error.reason}")
                continue
            self._messages.up(asked.kind, records.message_bytes(reply), records.value_bytes(reply.content))
            yield asked.about, reply.content
        if not replies:
            time.sleep(POLL_SECONDS)

    def _give_up(self, waiting: "dict[str, _Waiting]") -> None:
        present, now = set(self.grid.get_node_ids()), time.monotonic()
        for sent_id, asked in list(waiting.items()):
            if asked.node not in present or now > asked.until:
                del waiting[sent_id]


@dataclass(frozen=True)
class _Waiting:
    """A message whose reply is awaited until a time of :func:`time.monotonic`."""

    about: Any
    kind: str
    node: int
    until: float

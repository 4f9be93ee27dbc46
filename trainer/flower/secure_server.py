"""A round by SecAgg+: the server learns the clients' weighted mean, and no client's values.

J. H. Bell et al.: "Secure Single-Server Aggregation with (Poly)Logarithmic Overhead", CCS 2020, arXiv 2006.04749, as
Flower implements it: its workflow here, its mod at the clients (:mod:`trainer.flower.secure_client`). The protocol adds
up vectors of one length, so it needs one mask for all; kept values then are such vectors.

To the workflow every client is a node of its own, so that a SuperNode may have several.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Error, Message, RecordDict
from flwr.common import FitIns, FitRes, Parameters, parameters_to_ndarrays
from flwr.common.constant import ErrorCode
from flwr.server.compat.legacy_context import LegacyContext
from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.server.workflow.constant import MAIN_CONFIGS_RECORD, MAIN_PARAMS_RECORD, Key

from trainer.engines.base import ClientReply, ClientTask, Measured
from trainer.flower import records
from trainer.privacy import SECAGG_LARGEST

SHARE_OF_SHARES = 0.5
"""Clients of a round that must stay until its end, so that the masks of the others can be taken off."""

_FEWEST = 2

Exchange = Callable[[Iterable[tuple[ClientTask, str, RecordDict]]], Iterator[tuple[ClientTask, RecordDict]]]
"""Sends each client a message; gives the contents of the replies, in any order, some missing."""


@dataclass
class SecureRound:
    """One round.

    Args:
        tasks: of the clients of the round, all under one mask.
        exchange: carries messages to clients and back.
        most_samples: of any client; weights are shares of it.
        say: told, in a line each, about clients that refuse, and why there is no sum.
    """

    tasks: Sequence[ClientTask]
    exchange: Exchange
    most_samples: int
    say: Callable[[str], None]
    strangers: set[int] = field(default_factory=set)
    """Clients whose SuperNode has been started anew."""
    _down: Counter[int] = field(default_factory=Counter)
    _up: Counter[int] = field(default_factory=Counter)

    def replies(self) -> list[ClientReply]:
        """For each client that stayed a reply with the mean of all of them; none if too few did."""
        if len(self.tasks) < _FEWEST:
            self.say(f"secure aggregation needs {_FEWEST} clients, and {len(self.tasks)} are there")
            return []
        strategy = _Strategy(self.tasks)
        workflow = SecAggPlusWorkflow(
            num_shares=1.0,
            reconstruction_threshold=SHARE_OF_SHARES,
            max_weight=float(self.most_samples),
            clipping_range=SECAGG_LARGEST,
        )
        state = RecordDict(
            {
                MAIN_CONFIGS_RECORD: ConfigRecord({Key.CURRENT_ROUND: self.tasks[0].round}),
                MAIN_PARAMS_RECORD: ArrayRecord({}),
            }
        )
        context = Context(run_id=1, node_id=1, node_config={}, state=state, run_config={})
        workflow(self, LegacyContext(context, strategy=strategy))  # type: ignore[arg-type]  # all it asks of a grid
        if not strategy.results:
            self.say("secure aggregation has ended without a sum: too few clients answered")
        return [self._reply(client, result) for client, result in strategy.results]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:  # noqa: ARG002
        """What the workflow asks of its grid."""
        of_client = {_client(message.metadata.dst_node_id): message for message in messages}
        tasks = {task.client: task for task in self.tasks}
        sent = ((tasks[client], records.SECURE, self._outward(client, one)) for client, one in of_client.items())
        return [self._inward(task, of_client[task.client], content) for task, content in self.exchange(sent)]

    def _outward(self, client: int, message: Message) -> RecordDict:
        content = records.secure_content(message.content, client, message.metadata.dst_node_id)
        self._down[client] += records.content_bytes(content)
        return content

    def _inward(self, task: ClientTask, message: Message, content: RecordDict) -> Message:
        self._up[task.client] += records.content_bytes(content)
        message.metadata.__dict__["_message_id"] = str(task.client)
        try:
            records.check_refusal(content)
        except records.RefusedError as error:
            if error.stranger:
                self.strangers.add(task.client)
            self.say(f"client {task.client} refused round {task.round}: {error}")
            return Message(Error(ErrorCode.UNKNOWN, str(error)), reply_to=message)
        return Message(content, reply_to=message)

    def _reply(self, client: int, result: FitRes) -> ClientReply:
        (mean,) = parameters_to_ndarrays(result.parameters)
        round_, masks, loss = (result.metrics[name] for name in ("round", "masks", "loss"))
        measured = Measured(down=self._down[client], up=self._up[client])
        payload = np.asarray(mean, "<f4").tobytes()
        return ClientReply(client, int(round_), payload, result.num_examples, float(loss), int(masks), measured)


class _Strategy(FedAvg):
    """Hands the workflow its clients, and takes their mean, which it puts into every client's result.

    Args:
        tasks: of the clients.
    """

    def __init__(self, tasks: Sequence[ClientTask]) -> None:
        super().__init__()
        self._tasks = tasks
        self.results: list[tuple[int, FitRes]] = []

    def configure_fit(self, *_: Any) -> list[tuple[Any, FitIns]]:  # noqa: ANN401
        """For each client, as a node of its own, its task."""
        return [
            (
                SimpleNamespace(node_id=_node(task.client)),
                FitIns(Parameters([task.payload], "raw"), records.task_settings(task)),
            )
            for task in self._tasks
        ]

    def aggregate_fit(self, _: int, results: list[tuple[Any, FitRes]], __: Any) -> tuple[None, dict[str, Any]]:  # noqa: ANN401
        """Take the results."""
        self.results = [(_client(proxy.node_id), result) for proxy, result in results]
        return None, {}


def _node(client: int) -> int:
    return client + 1  # Flower takes 0 for nobody


def _client(node: int) -> int:
    return node - 1

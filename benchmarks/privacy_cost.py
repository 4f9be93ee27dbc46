"""What Flower's local differential privacy and secure aggregation cost in accuracy and bytes, on digits.

The mods work on each client's update of kept values; rounds run on this machine, with the mods around the local
engine's replies, so that a study takes minutes. Bytes of secure aggregation are those of all four messages' contents.
Run: ``python benchmarks/privacy_cost.py [--rounds 10] [--seed 1] [--privacy none secagg local-dp]``.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from trainer.config import RunConfig, make_config
from trainer.engines import ClientReply, ClientTask, Engine
from trainer.federation import federate
from trainer.flower import records
from trainer.flower.mods import local_mods
from trainer.flower.secure_client import secure_reply
from trainer.flower.secure_server import SecureRound
from trainer.prepare import load_data, prepare

EPSILONS = (1000.0, 300.0, 100.0)


class Guarded:
    """An engine whose clients' updates pass through Flower's mods on their way out.

    Args:
        inner: trains.
        config: which mods, and how strict.
    """

    def __init__(self, inner: Engine, config: RunConfig) -> None:
        self._inner, self._mods = inner, local_mods(config)
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        self._context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """See :meth:`trainer.engines.Engine.train`."""
        for task in tasks:
            yield self._one(task)

    def _one(self, task: ClientTask) -> ClientReply:
        message = Message(records.task_content(task), dst_node_id=1, message_type=records.TRAIN)
        message.metadata.__dict__["_message_id"] = "1"

        def call(inward: Message, _: Context) -> Message:
            (reply,) = self._inner.train([records.read_task(inward.content)])
            return Message(records.reply_content(reply, task.work.encoding), reply_to=inward)

        for mod in reversed(self._mods):
            inner = call
            call = lambda inward, context, mod=mod, inner=inner: mod(inward, context, inner)  # noqa: E731
        return records.read_reply(call(message, self._context).content)


class Summed:
    """An engine whose clients' updates are summed by SecAgg+.

    Args:
        inner: trains.
        most_samples: of any client.
    """

    def __init__(self, inner: Engine, most_samples: int) -> None:
        self._inner, self._most = inner, most_samples
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        self._context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """See :meth:`trainer.engines.Engine.train`."""
        yield from SecureRound(list(tasks), self._exchange, self._most, print).replies()

    def _exchange(self, sent: Iterable[tuple[ClientTask, str, RecordDict]]) -> Iterator[tuple[ClientTask, RecordDict]]:
        for task, kind, content in sent:
            message = Message(content, dst_node_id=1, message_type=kind)
            yield task, secure_reply(message, self._context, f"secrets/{task.client}", self._one)

    def _one(self, task: ClientTask) -> ClientReply:
        (reply,) = self._inner.train([task])
        return reply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--privacy", nargs="+", default=["none", "secagg", "local-dp"])
    options = parser.parse_args()
    base = {"board": "none", "rounds": options.rounds, "seed": options.seed, "engine": "flower"}
    print(f"{'privacy':34} {'accuracy':>9} {'bytes up':>9} {'down':>9}")
    for name, given in cells():
        if given["privacy"] not in options.privacy:
            continue
        config = make_config({**base, **given})
        local = prepare(config.model_copy(update={"engine": "local"}), load_data(config))
        if config.privacy == "secagg":
            engine: Guarded | Summed = Summed(local.engine, max(map(len, local.partition)))
        else:
            engine = Guarded(local.engine, config)
        history = federate(config, replace(local, engine=engine), lambda *_: None)  # type: ignore[arg-type]
        accuracy = fmean(client.overall for client in history.clients)
        last = history.rounds[-1]
        print(f"{name:34} {accuracy:>9.2%} {last.bytes_up_per_client:>9,} {last.bytes_down_per_client:>9,}", flush=True)


def cells() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is compared, by name."""
    yield "none", {"privacy": "none"}
    for sparsity in (0.98, 0.5):
        yield f"secagg, {sparsity:.0%} zeros", {"privacy": "secagg", "sparsity": sparsity}
    for sparsity in (0.98, 0.5):
        for epsilon in EPSILONS:
            given = {"privacy": "local-dp", "dp_clip": 0.5, "dp_epsilon": epsilon, "sparsity": sparsity}
            yield f"local-dp, epsilon {epsilon:g}, {sparsity:.0%} zeros", given


if __name__ == "__main__":
    main()

"""What Flower's local differential privacy costs in accuracy and bytes, on digits.

The mod works on each client's update of kept values; rounds run on this machine, with the mod around the local engine's
replies, so that a study takes minutes. Run: ``python benchmarks/privacy_cost.py [--rounds 10] [--seed 1]``.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from trainer.config import RunConfig, make_config
from trainer.engines import ClientReply, ClientTask, Engine
from trainer.federation import federate
from trainer.flower import records
from trainer.flower.mods import local_mods
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    base = {"board": "none", "rounds": options.rounds, "seed": options.seed, "engine": "flower"}
    print(f"{'privacy':34} {'accuracy':>9} {'bytes up':>9}")
    cells = [("none", {})]
    for sparsity in (0.98, 0.5):
        cells += [
            (f"local-dp, epsilon {epsilon:g}, {sparsity:.0%} zeros", {"dp_epsilon": epsilon, "sparsity": sparsity})
            for epsilon in EPSILONS
        ]
    for name, given in cells:
        asked = {**base, **({"privacy": "local-dp", "dp_clip": 0.5} if given else {}), **given}
        config = make_config(asked)
        local = prepare(config.model_copy(update={"engine": "local"}), load_data(config))
        history = federate(config, replace(local, engine=Guarded(local.engine, config)), lambda *_: None)
        accuracy = fmean(client.overall for client in history.clients)
        print(f"{name:34} {accuracy:>9.2%} {history.rounds[-1].bytes_up_per_client:>9,}", flush=True)


if __name__ == "__main__":
    main()

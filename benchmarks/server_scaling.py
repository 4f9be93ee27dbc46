"""What a round costs the server, by the number of clients: CPU seconds, memory and bytes.

The default model of digits at 98 % sparsity. Clients answer at once with values of the right size, so all that is
measured is the server: writing values, checking and averaging updates, and, in the second table, making and reading
Flower's messages too. CPU seconds are those of this process, so they hardly depend on what else the machine does.
Run: ``python benchmarks/server_scaling.py [--most 10000]``.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from flwr.app import Message

    from trainer.algorithms import RoundMetrics, RoundPlan, ServerState
    from trainer.engines import ClientReply, ClientTask

COUNTS = (10, 100, 1_000, 10_000)
SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="clients at most (default: %(default)s)")
    parser.add_argument("--one", nargs=2, metavar=("PATH", "CLIENTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one[0], int(options.one[1]))
        return
    for path, title in (("plain", "in one process"), ("flower", "with Flower's messages")):
        print(f"\na round's server, {title}\n")
        print(f"{'clients':>8} {'CPU s':>9} {'CPU ms a client':>16} {'peak MB':>9} {'MB down':>9} {'MB up':>9}")
        for count in (one for one in COUNTS if one <= options.most):
            # A process each, so that peak memory is that of this count.
            command = [sys.executable, __file__, "--one", path, str(count)]
            subprocess.run(command, check=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})


def measure(path: str, clients: int) -> None:
    """One row of a table."""
    from trainer.algorithms.rounds import run_round

    state, plan = prepared(clients)
    engine = Answering() if path == "plain" else OnFlower(clients)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    _, metrics = run_round(state, engine, plan)
    seconds = time.process_time() - start
    answered = sum(exchange.samples > 0 for exchange in metrics.exchanges)
    if answered != clients:
        raise SystemExit(f"error: {answered} of {clients} clients answered: {metrics.rejected[:1]}")
    down, up = engine.megabytes(metrics)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{clients:>8,} {seconds:>9.3f} {1000 * seconds / clients:>16.3f} {(peak - before) / 1024:>9.1f}"
        f" {down:>9.2f} {up:>9.2f}",
        flush=True,
    )


def prepared(clients: int) -> "tuple[ServerState, RoundPlan]":
    """The server of the default model, its mask random, for so many clients."""
    from trainer.aggregation import sparse_mean
    from trainer.algorithms import ALGORITHMS, Beginning, RoundPlan
    from trainer.engines import LocalWork
    from trainer.initialisers import initial_weights
    from trainer.models import load_builder
    from trainer.models.network import build_network
    from trainer.server_optimisers import SERVER_OPTIMISERS

    network = build_network(load_builder("digits_cnn"), (8, 8, 1), 10)
    beginning = Beginning(
        network=network,
        weights=initial_weights(SEED, network.specs),
        samples=(1,) * clients,
        pruner="random",
        sparsity=0.98,
        mask_source="shared",
        overlap=0.8,
        samples_of=lambda _: (np.zeros((1, 8, 8, 1), np.float32), np.zeros(1, np.int32)),
        seed=SEED,
    )
    state = ALGORITHMS.get("fedpai-u").init(beginning)
    plan = RoundPlan(
        work=LocalWork(1, 16, 0.05, momentum=0.0),
        cohort=tuple(range(clients)),
        aggregate=sparse_mean,
        optimise=partial(SERVER_OPTIMISERS.get("none"), rate=1.0),
        network=network,
        rounds=1,
    )
    return state, plan


class Answering:
    """Clients that send what they were sent."""

    def train(self, tasks: "Iterable[ClientTask]") -> "Iterator[ClientReply]":
        """See :meth:`trainer.engines.Engine.train`."""
        for task in tasks:
            yield _reply(task)

    def megabytes(self, metrics: "RoundMetrics") -> tuple[float, float]:
        """Down and up, as frames of the serial protocol."""
        down = sum(exchange.bytes_down for exchange in metrics.exchanges)
        return down / 1e6, sum(exchange.bytes_up for exchange in metrics.exchanges) / 1e6


class OnFlower:
    """The same behind Flower's messages, with one SuperNode for each client and none of its servers."""

    def __init__(self, clients: int) -> None:
        from trainer.flower.engine import FlowerEngine

        self._engine = FlowerEngine(_Grid(clients), "{}", clients, "")  # type: ignore[arg-type]
        self._engine.know({client: client for client in range(clients)})
        self.train = self._engine.train

    def megabytes(self, _: "RoundMetrics") -> tuple[float, float]:
        """Down and up, as Flower writes its messages."""
        traffic = self._engine.messages
        return sum(traffic.bytes_down.values()) / 1e6, sum(traffic.bytes_up.values()) / 1e6


class _Grid:
    """SuperNodes that answer at once."""

    def __init__(self, clients: int) -> None:
        from flwr.supercore.task_identity import TaskIdentity

        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
        self._clients = clients
        self._replies: dict[str, object] = {}

    def get_node_ids(self) -> range:
        return range(self._clients)

    def push_messages(self, messages: "Iterable[Message]") -> list[str]:
        from flwr.app import Message

        from trainer.flower import records

        names = []
        for message in messages:
            name = str(message.metadata.dst_node_id)
            message.metadata.__dict__["_message_id"] = name
            task = records.read_task(message.content)
            content = records.reply_content(_reply(task), task.work.encoding)
            self._replies[name] = Message(content, reply_to=message)
            names.append(name)
        return names

    def pull_messages(self, names: Iterable[str]) -> list[object]:
        return [self._replies.pop(name) for name in list(names) if name in self._replies]


def _reply(task: "ClientTask") -> "ClientReply":
    from trainer.engines import ClientReply

    template = ClientReply(0, task.round, task.payload, 1, 1.0, task.masks)
    return replace(template, client=task.client)


if __name__ == "__main__":
    main()

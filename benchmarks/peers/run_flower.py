"""Rounds of Flower's simulation: FedAvg, Ray, one core for each client, Keras."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from served import answer, commands

WORK, MODEL = sys.argv[1:3]
os.environ |= {"BENCH_WORK": WORK, "BENCH_MODEL": MODEL, "RAY_USAGE_STATS_ENABLED": "0", "FLWR_TELEMETRY_ENABLED": "0"}
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent)

from flower_client import app, new_model, work  # noqa: E402
from flwr.app import ArrayRecord, Context  # noqa: E402
from flwr.serverapp import Grid, ServerApp  # noqa: E402
from flwr.serverapp.strategy import FedAvg  # noqa: E402
from flwr.simulation import run_simulation  # noqa: E402

MOST_ROUNDS = 10_000


class FinishedError(Exception):
    """The benchmark has no more commands."""


class Turns:
    """Lets rounds go one by one: Flower calls it before the first round and after each."""

    def __init__(self) -> None:
        self._commands = commands()
        self._started = 0.0

    def __call__(self, number: int, arrays: ArrayRecord) -> None:
        """Answer for the round that is done and wait for the next command."""
        if number == 0:
            answer(versions={name: version(name) for name in ("flwr", "ray", "keras", "tensorflow")})
        else:
            answer(seconds=perf_counter() - self._started)
        for command in self._commands:
            if command == "round":
                self._started = perf_counter()
                return
            answer(accuracy=_accuracy(arrays))
        raise FinishedError


def _accuracy(arrays: ArrayRecord) -> float:
    model = new_model()
    model.set_weights(arrays.to_numpy_ndarrays())
    return float((model.predict(work().test_x, verbose=0).argmax(axis=1) == work().test_y).mean())


server = ServerApp()


@server.main()
def main(grid: Grid, context: Context) -> None:  # noqa: ARG001
    strategy: Any = FedAvg(fraction_train=1.0, fraction_evaluate=0.0, min_available_nodes=len(work().parts))
    try:
        strategy.start(grid, ArrayRecord(work().weights), num_rounds=MOST_ROUNDS, evaluate_fn=Turns())
    except FinishedError:
        return


if __name__ == "__main__":
    resources = {"client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
    run_simulation(server, app, num_supernodes=len(work().parts), backend_config=resources)

"""Rounds of this project: FedAvg by the local engine, its payloads encoded and decoded as for real clients."""

import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench_net import bench_net  # noqa: E402
from served import serve  # noqa: E402
from work_file import Work, read_work  # noqa: E402


def main() -> None:
    work = read_work(sys.argv[1])
    execution = sys.argv[2]
    rounds = Rounds(work, execution)
    serve({name: version(name) for name in ("tensorflow", "keras")}, rounds.run, rounds.accuracy)


class Rounds:
    """The state of the server and what it runs on."""

    def __init__(self, work: Work, execution: str) -> None:
        from trainer.algorithms import ServerState
        from trainer.datasets import Dataset
        from trainer.engines import LocalEngine
        from trainer.evaluate import compile_evaluator
        from trainer.models.network import build_network
        from trainer.tensors import all_kept

        classes = tuple(str(number) for number in range(10))
        data = Dataset("digits", classes, work.train_x, work.train_y, work.test_x, work.test_y)
        network = build_network(bench_net, data.input_shape, len(classes))
        masks = all_kept(network.specs)
        self.engine = LocalEngine(network, data, tuple(work.parts), 0, execution=execution)
        self.engine.agree((masks,) * len(work.parts))
        self.state = ServerState(0, network.specs, tuple(work.weights), (masks,) * len(work.parts))
        self.plan = _plan(work, network)
        self._evaluate = compile_evaluator(network, work.test_x, work.test_y)

    def run(self) -> None:
        """One round."""
        from trainer.algorithms.rounds import run_round

        self.state, _ = run_round(self.state, self.engine, self.plan)

    def accuracy(self) -> float:
        """Share of the test set that is right."""
        return float(self._evaluate(self.state.weights).accuracy)


def _plan(work: Work, network: Any) -> Any:  # noqa: ANN401 - types of the trainer
    from trainer.aggregation import sparse_mean
    from trainer.algorithms import RoundPlan
    from trainer.engines import LocalWork
    from trainer.server_optimisers import SERVER_OPTIMISERS

    return RoundPlan(
        work=LocalWork(1, work.batch_size, work.learning_rate, momentum=0.0),
        cohort=tuple(range(len(work.parts))),
        aggregate=sparse_mean,
        optimise=partial(SERVER_OPTIMISERS.get("none"), rate=1.0),
        network=network,
        rounds=1,
    )


if __name__ == "__main__":
    main()

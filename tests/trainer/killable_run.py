"""Rounds without a network, as fast as files can be written: a program to kill, and to start again.

``python killable_run.py FOLDER ROUNDS`` goes on from the checkpoint in FOLDER, if there is one. Weights, masks,
residuals and the server's memory change in every round, each as a function of what it was before, so a lost or
repeated round shows in all that follow.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trainer.algorithms import RoundMetrics, RoundPlan, ServerState
from trainer.algorithms.algorithm import Exchange
from trainer.callbacks import Checkpointer, JsonLines
from trainer.checkpoint import CHECKPOINT, Checkpoint, Origin, read_checkpoint
from trainer.config import RunConfig, make_config
from trainer.federation import federate
from trainer.tensors import Float32, Masks, TensorSpec

SPECS = (TensorSpec("a", (40, 30), True), TensorSpec("b", (30,), False))
CLIENTS = 3


class Remembering:
    """An engine that does nothing but remember."""

    def __init__(self) -> None:
        self.residuals = {f"residual/{client}": np.zeros(7, np.float32) for client in range(CLIENTS)}

    def memory(self) -> dict[str, Float32]:
        return self.residuals


class Even:
    """A judge to whom all models are equal."""

    accuracy, loss = 0.5, 1.0

    def overall(self, _: ServerState) -> "Even":
        return self

    def clients(self, _: ServerState) -> tuple[()]:
        return ()


def run_round(state: ServerState, engine: Any, plan: RoundPlan) -> tuple[ServerState, RoundMetrics]:
    number = state.round + 1
    random = np.random.default_rng(number)
    half = np.float32(0.5)
    engine.residuals = {
        name: half * kept + random.normal(size=7).astype(np.float32) for name, kept in engine.residuals.items()
    }
    pull = float(sum(residual.sum() for residual in engine.residuals.values()))
    velocity = tuple(np.float32(0.9) * old + np.float32(1e-3 * pull) for old in state.memory["velocity"])
    masks = tuple(_mask(random) for _ in range(2))
    weights = tuple(
        np.float32(0.99) * old + step * random.normal(size=old.shape).astype(np.float32)
        for old, step in zip(state.weights, velocity, strict=True)
    )
    exchanges = tuple(Exchange(client, 1, number, 2 * number) for client in plan.cohort)
    after = ServerState(number, SPECS, weights, (masks[0], masks[1], masks[0]), {"velocity": velocity})
    return after, RoundMetrics(pull, exchanges)


def _mask(random: np.random.Generator) -> Masks:
    return random.random((40, 30)) < 0.1, None


class Prepared:
    """What :func:`federate` needs of a prepared run."""

    class algorithm:  # noqa: N801 - stands for an attribute
        run_round = staticmethod(run_round)

    class network:  # noqa: N801 - stands for an attribute
        specs = SPECS

    judge = Even()

    def __init__(self, engine: Remembering, state: ServerState) -> None:
        self.engine, self.state = engine, state


def options(folder: Path, rounds: int) -> RunConfig:
    return make_config({"clients": CLIENTS, "rounds": rounds, "board": "none", "out": str(folder)})


def start(path: Path) -> tuple[Prepared, tuple[Any, ...]]:
    engine = Remembering()
    if not path.exists():
        masks: Masks = (np.ones((40, 30), np.bool_), None)
        zeros = tuple(np.zeros(spec.shape, np.float32) for spec in SPECS)
        return Prepared(engine, ServerState(0, SPECS, zeros, (masks,) * CLIENTS, {"velocity": zeros})), ()
    saved: Checkpoint = read_checkpoint(path)
    engine.residuals = {name: np.array(kept, np.float32) for name, kept in saved.clients.items()}
    state = ServerState(saved.round, SPECS, saved.weights, saved.masks, saved.memory)
    return Prepared(engine, state), saved.records


def callbacks(folder: Path, config: RunConfig, prepared: Any, done: tuple[Any, ...]) -> Iterator[Any]:
    yield Checkpointer(folder / CHECKPOINT, config, Origin("none", 0, ()), prepared.engine, done)
    yield JsonLines(folder / "rounds.jsonl", done)


def main(folder: Path, rounds: int) -> None:
    config = options(folder, rounds)
    prepared: Any
    prepared, done = start(folder / CHECKPOINT)
    told = tuple(callbacks(folder, config, prepared, done))
    print("started", flush=True)

    def on_round(record: Any, state: ServerState) -> None:
        for callback in told:
            callback.on_round(record, state)

    federate(config, prepared, on_round, done)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

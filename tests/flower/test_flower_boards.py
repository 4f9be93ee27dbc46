"""Boards behind a SuperNode: each answers, fails and comes back by itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_grid import NodeGrid
from test_flower_engine import BASE, on_grid

from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from trainer.algorithms import ServerState
from trainer.config import RunConfig, make_config
from trainer.federation import round_plan
from trainer.fleet.planning import describe_run
from trainer.prepare import Prepared, load_data, prepare

OPTIONS = {**BASE, "model": "digits_cnn", "devices": "none", "device_seconds": 10.0}
BOARD = "stm32f4_qemu"


@dataclass
class Bench:
    """Native boards that can be switched off, and on again behind the same URL."""

    elf: Path
    _on: dict[int, ExitStack] = field(default_factory=dict)
    _ports: dict[int, int] = field(default_factory=dict)

    def switch_on(self, number: int) -> str:
        stack = self._on[number] = ExitStack()
        board = start_emulator("native", self.elf, load_board(BOARD), self._ports.get(number, 0))
        url = stack.enter_context(board).url
        self._ports[number] = int(url.rpartition(":")[2])
        return url

    def switch_off(self, number: int) -> None:
        self._on.pop(number).close()

    def close(self) -> None:
        for number in list(self._on):
            self.switch_off(number)


@pytest.fixture(scope="module")
def begun() -> tuple[RunConfig, Prepared]:
    config = make_config(OPTIONS)
    return config, prepare(config, load_data(config))


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learner") / "native"
    description, purpose = describe_run(make_config(OPTIONS), None)
    return build_learner(description, purpose, load_board(BOARD), folder, target="native").elf


@pytest.fixture
def bench(elf: Path) -> Iterator[Bench]:
    bench = Bench(elf)
    yield bench
    bench.close()


def nodes(first: str) -> dict[int, dict[str, Any]]:
    return {
        11: {"partition-id": 0, "num-partitions": 2, "devices": first},
        22: {"partition-id": 1, "num-partitions": 2},
    }


def test_a_dead_board_takes_no_other_with_it_and_comes_back(begun: tuple[RunConfig, Prepared], bench: Bench) -> None:
    config, run = begun
    said: list[str] = []
    urls = [bench.switch_on(number) for number in (0, 1)]
    bench.switch_off(0)
    there = on_grid(NodeGrid(nodes(",".join(urls))), config, run, said)
    plan = round_plan(config, there, 1)

    def answered() -> tuple[set[int], ServerState]:
        state, metrics = run.algorithm.run_round(run.state, there.engine, plan)
        return {exchange.client for exchange in metrics.exchanges if exchange.samples}, state

    assert answered()[0] == {1, 2, 3}  # it was never there
    assert [line for line in said if line.startswith("client 0 refused round 1") and urls[0] in line], said
    bench.switch_on(0)
    clients, on_boards = answered()
    assert clients == {0, 1, 2, 3}
    here, _ = run.algorithm.run_round(run.state, run.engine, plan)
    for one, other in zip(on_boards.weights, here.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    bench.switch_off(0)
    assert answered()[0] == {1, 2, 3}  # its line was open
    bench.switch_on(0)
    assert answered()[0] == {0, 1, 2, 3}

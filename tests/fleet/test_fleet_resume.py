"""A run that is interrupted goes on: exactly on boards that stayed on, else as docs/fleets.md says."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_federation import WORK, plan
from tiny_fleet import TinyFleet, plan_of

from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from trainer.algorithms import ServerState
from trainer.algorithms.rounds import run_round

BOARD = load_board("stm32f4_qemu")


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


@pytest.fixture(scope="module")
def elf(tiny: TinyFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = plan_of(tiny.network, tiny.data, "native:1", encoding="int8")
    purpose = replace(made.purpose, samples=len(tiny.data.train_y), encoding="int8")
    return build_learner(
        made.description, purpose, BOARD, tmp_path_factory.mktemp("learner") / "native", target="native"
    ).elf


@pytest.fixture
def lines(elf: Path) -> Iterator[str]:
    """Two boards that run all the time."""
    with ExitStack() as stack:
        boards = [stack.enter_context(start_emulator("native", elf, BOARD)) for _ in range(2)]
        yield ",".join(board.url for board in boards)


def rounds(state: ServerState, engine: Any, count: int, encoding: str) -> ServerState:
    for _ in range(count):
        state, metrics = run_round(state, engine, plan(work=replace(WORK, encoding=encoding)))
        assert all(exchange.samples for exchange in metrics.exchanges)
    return state


def assert_same(some: ServerState, others: ServerState) -> None:
    for one, other in zip(some.weights, others.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def interrupted(tiny: TinyFleet, devices: str, encoding: str) -> tuple[ServerState, Any]:
    with tiny.boards(devices, encoding=encoding) as engine:
        state = rounds(tiny.state(), engine, 2, encoding)
        memory = dict(engine.memory())
    with tiny.boards(devices, encoding=encoding) as engine:
        engine.restore(memory)
        return rounds(state, engine, 2, encoding), engine.boards


def uninterrupted(tiny: TinyFleet, devices: str, encoding: str) -> ServerState:
    with tiny.boards(devices, encoding=encoding) as engine:
        return rounds(tiny.state(), engine, 4, encoding)


def test_boards_that_stayed_on_keep_their_rounding(tiny: TinyFleet, lines: str) -> None:
    resumed, boards = interrupted(tiny, lines, "int8")
    assert not any(board.residuals_lost or board.reboots for board in boards)
    assert all(board.setup_sent < 300 for board in boards), "mask and samples were there already"
    assert_same(resumed, uninterrupted(tiny, lines, "int8"))


def test_a_new_run_on_the_same_boards_starts_from_nothing(tiny: TinyFleet, lines: str) -> None:
    first = uninterrupted(tiny, lines, "int8")
    assert_same(uninterrupted(tiny, lines, "int8"), first)


def test_boards_that_were_reset_go_on_exactly_in_float32(tiny: TinyFleet) -> None:
    resumed, _ = interrupted(tiny, "native:2", "float32")
    assert_same(resumed, uninterrupted(tiny, "native:2", "float32"))


def test_boards_that_were_reset_say_that_their_rounding_is_lost(tiny: TinyFleet) -> None:
    resumed, boards = interrupted(tiny, "native:2", "int8")
    assert [board.residuals_lost for board in boards] == [1, 1]
    for one, other in zip(resumed.weights, uninterrupted(tiny, "native:2", "int8").weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=0.02)

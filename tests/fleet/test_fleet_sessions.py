"""Boards that are reset, or taken over, while the line to them stays: they say so and are brought up to date."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from serial_server import SerialServer
from test_fleet_faults import assert_same, weights_after
from tiny_federation import plan
from tiny_fleet import TinyFleet, plan_of

from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.client import Board
from host_bridge.keys import load_key, new_key
from host_bridge.monitor.status import FleetStatus
from trainer.algorithms.rounds import run_round
from trainer.tensors import Weights

ROUNDS = 3


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "board1.key"
    new_key(path)
    return path


@pytest.fixture(scope="module")
def elves(tiny: TinyFleet, key: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A learner without a key, and one with."""
    made = plan_of(tiny.network, tiny.data, "native:1")
    purpose = replace(made.purpose, samples=len(tiny.data.train_y))
    return {
        keyed: build_learner(
            made.description, purpose, load_board("stm32f4_qemu"), tmp_path_factory.mktemp("learner") / "native",
            target="native", key=load_key(key) if keyed else None,
        ).elf
        for keyed in (False, True)
    }  # fmt: skip


def clean(tiny: TinyFleet, rounds: int) -> Weights:
    with tiny.boards("native:1") as engine:
        return weights_after(tiny, engine, rounds)


@pytest.fixture
def server(elves: dict[bool, Path]) -> Iterator[SerialServer]:
    with SerialServer(elves[False]) as server:
        yield server


@dataclass
class Once:
    """Does something to a board when it is first seen in a state of a round."""

    state: str
    round: int
    work: object
    done: bool = False

    def __call__(self, status: FleetStatus) -> None:
        if not self.done and any(one.state == self.state and one.round == self.round for one in status.boards):
            self.done = True
            assert callable(self.work)
            self.work()


@pytest.mark.parametrize("keyed", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["plain", "authenticated"])
@pytest.mark.parametrize("state", ["sending", "training", "receiving"])
def test_a_board_that_is_reset_in_mid_round_is_brought_up_to_date(
    tiny: TinyFleet, elves: dict[bool, Path], key: Path, state: str, keyed: bool
) -> None:
    with SerialServer(elves[keyed]) as server:
        once = Once(state, 2, server.reset)
        with tiny.boards(f"{server.url}@{key}" if keyed else server.url, told=once) as engine:
            weights = weights_after(tiny, engine, ROUNDS)
            (record,) = engine.boards
        assert server.resets == 1
    assert_same(weights, clean(tiny, ROUNDS))
    assert (record.reboots, record.reconnects, record.losses, record.rounds) == (1, 0, 0, ROUNDS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_board_may_be_reset_at_any_byte(tiny: TinyFleet, elves: dict[bool, Path]) -> None:
    """A run of two rounds again and again, the board being reset at another byte each time."""
    undisturbed = clean(tiny, 2)
    reset_at, step = 0, 37
    while True:
        with SerialServer(elves[False]) as server:
            server.reset_after = reset_at
            with tiny.boards(server.url) as engine:
                assert_same(weights_after(tiny, engine, 2), undisturbed)
                (record,) = engine.boards
            if server.reset_after is not None:
                break
            assert server.resets == 1 and record.losses == 0, reset_at
            assert record.reboots <= 1, reset_at
        reset_at += step
    assert reset_at > 1500, "the conversation is shorter than expected"


def test_another_host_is_noticed_before_it_can_mix_in(tiny: TinyFleet, server: SerialServer) -> None:
    """Whoever opens a session ends the fleet's: the round is asked for again in a new one, on the same line."""
    with tiny.boards(server.url) as engine:
        state, _ = run_round(tiny.state(), engine, plan())
        (board,) = engine._assembled.fleet._boards.values()  # type: ignore[union-attr]
        assert board._learner is not None
        line = board._learner.board.link
        intruder = Board(line.transport, session=True)
        assert intruder.previous_session == line.session.number  # type: ignore[union-attr]
        state, metrics = run_round(state, engine, plan())
        (record,) = engine.boards
    assert all(exchange.samples for exchange in metrics.exchanges)
    assert (record.reboots, record.losses, record.reconnects) == (0, 0, 0)
    assert_same(state.weights, clean(tiny, 2))


def test_a_board_that_resets_itself_again_and_again_is_lost_for_the_round(
    tiny: TinyFleet, server: SerialServer
) -> None:
    crashing = False

    def crash(status: FleetStatus) -> None:
        if crashing and any(one.state == "training" for one in status.boards):
            server.reset()

    with tiny.boards(server.url, told=crash) as engine:
        state, _ = run_round(tiny.state(), engine, plan())
        crashing = True
        state, metrics = run_round(state, engine, plan())
        assert [exchange.samples > 0 for exchange in metrics.exchanges] == [False, True, True]
        (record,) = engine.boards
        assert record.losses == 1 and "was reset" in record.last_loss
        crashing = False
        state, metrics = run_round(state, engine, plan(quorum=1.0))
        assert metrics.applied and record.rounds == 2

"""Bad lines, killed boards and boards that never come back: rounds end with the same weights, or without the board."""

from typing import Any

import numpy as np
import pytest
from bad_line import Killer, bad_lines
from probe_firmware import require
from tiny_federation import plan
from tiny_fleet import TinyFleet

from device_sim.faults import FaultRates
from device_sim.power import EmulatedPower
from host_bridge.errors import UserError
from trainer.algorithms.rounds import run_round
from trainer.engines.fleet import FleetEngine
from trainer.tensors import Weights

RATES = FaultRates(drop=4e-4, flip=4e-4, truncate=1e-4, cut=5e-5, duplicate=0.01)
"""About one byte in a thousand is hit."""
MORE = FaultRates(drop=1e-3, flip=1e-3, truncate=2e-4, cut=1e-4, duplicate=0.05)
"""So that a few rounds meet some of each."""


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


def weights_after(tiny: TinyFleet, engine: FleetEngine, rounds: int, missing: int = 0) -> Weights:
    state = tiny.state()
    for number in range(1, rounds + 1):
        state, metrics = run_round(state, engine, plan())
        if number > missing:
            assert all(exchange.samples for exchange in metrics.exchanges), engine.boards
    return state.weights


def assert_same(some: Weights, others: Weights) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


def clean(tiny: TinyFleet, rounds: int) -> Weights:
    with tiny.boards("native:2") as engine:
        return weights_after(tiny, engine, rounds)


def check_bad_line(tiny: TinyFleet, monkeypatch: pytest.MonkeyPatch, rounds: int, rates: FaultRates) -> Any:
    undisturbed = clean(tiny, rounds)
    lines = bad_lines(monkeypatch, rates)
    with tiny.boards("native:2") as engine:
        disturbed = weights_after(tiny, engine, rounds)
    assert_same(disturbed, undisturbed)
    assert len(lines) == 2 and all(line.faults for line in lines)
    assert not any(record.losses or record.reboots for record in engine.boards)
    return engine.boards


def test_a_bad_line_changes_no_weight(tiny: TinyFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = check_bad_line(tiny, monkeypatch, 6, MORE)
    assert sum(record.retries + record.reconnects for record in boards) > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_rounds_on_a_bad_line_change_no_weight(tiny: TinyFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = check_bad_line(tiny, monkeypatch, 200, RATES)
    assert all(record.rounds == 200 and record.retries > 20 for record in boards)


def check_killed(tiny: TinyFleet, devices: str, killer: Killer) -> None:
    undisturbed = clean(tiny, 3)
    with tiny.boards(devices, told=killer) as engine:
        disturbed = weights_after(tiny, engine, 3)
    assert len(killer.killed) == 1
    assert_same(disturbed, undisturbed)
    (hit,) = [record for record in engine.boards if record.reboots]
    assert (hit.reboots, hit.restarts, hit.losses, hit.rounds) == (1, 1, 0, 3)


@pytest.mark.qemu
def test_an_emulator_that_is_killed_in_mid_round_is_started_again(tiny: TinyFleet) -> None:
    require("qemu-system-arm", "arm-none-eabi-gcc")
    check_killed(tiny, "qemu:1,native:1", Killer("qemu-system-arm", "training", 2))


@pytest.mark.slow
@pytest.mark.parametrize("state", ["sending", "receiving"])
def test_it_does_not_matter_when_a_board_is_killed(tiny: TinyFleet, state: str) -> None:
    check_killed(tiny, "native:1,native:1", Killer("firmware.elf", state, 3))


def test_a_dead_board_costs_its_timeout_and_is_tried_again(tiny: TinyFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    start = EmulatedPower.url
    dead = False

    def url(self: EmulatedPower) -> str:
        if dead:
            raise UserError("the emulator does not start")
        return start(self)

    monkeypatch.setattr(EmulatedPower, "url", url)
    with tiny.boards("native:1") as engine:
        (record,) = engine.boards
        state, _ = run_round(tiny.state(), engine, plan())
        dead = True
        _hang_up(engine)
        state, metrics = run_round(state, engine, plan())
        assert [exchange.samples > 0 for exchange in metrics.exchanges] == [False, True, True]
        assert metrics.applied
        assert (record.losses, record.rounds) == (1, 1) and "does not start" in record.last_loss
        dead = False
        state, metrics = run_round(state, engine, plan(quorum=1.0))
        assert metrics.applied
        assert (record.losses, record.rounds, record.reboots, record.restarts) == (1, 2, 1, 1)


def _hang_up(engine: FleetEngine) -> None:
    """Take the board away: its power goes off in its own thread."""
    assembled = engine._assembled
    assert assembled is not None
    (thread,), (board,) = assembled.fleet._threads.values(), assembled.fleet._boards.values()
    thread.submit(board.close).result()


def test_a_board_that_never_answers_is_a_mistake_of_the_user(tiny: TinyFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.fleet.planning.ANSWER_SECONDS", 0.3)
    with (
        pytest.raises(UserError, match=r"client 0 on socket.*: nothing listens"),
        tiny.boards("socket://127.0.0.1:9"),
    ):
        pass


def test_another_firmware_is_refused_by_name(tiny: TinyFleet) -> None:
    with tiny.boards("native:1") as engine:
        assembled = engine._assembled
        assert assembled is not None
        (board,) = assembled.fleet._boards.values()
        _hang_up(engine)
        other = board._setup.__class__("0" * 64, 0, board._setup.mask, board._setup.samples)
        board._setup = other
        _, metrics = run_round(tiny.state(), engine, plan())
        assert metrics.exchanges[0].samples == 0
        assert "built from another description" in engine.boards[0].last_loss

"""Rounds with boards give what the same rounds give without."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from probe_firmware import require
from tiny_federation import WORK, plan
from tiny_fleet import TinyFleet

from host_bridge.errors import UserError
from trainer.algorithms.rounds import run_round
from trainer.tensors import Weights

ROUNDS = 3


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


def weights_after(tiny: TinyFleet, engine: Any, encoding: str = "float32", rounds: int = ROUNDS) -> Weights:
    state = tiny.state()
    work = replace(WORK, shift=1, weight_decay=0.01, encoding=encoding)
    for _ in range(rounds):
        state, metrics = run_round(state, engine, plan(work=work))
        assert len(metrics.exchanges) == 3 and not metrics.rejected
        assert all(exchange.samples for exchange in metrics.exchanges)
    return state.weights


def assert_close(some: Weights, others: Weights, tolerance: float) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


@pytest.mark.qemu
def test_a_round_of_host_native_and_qemu_clients_is_that_of_the_host(tiny: TinyFleet) -> None:
    require("qemu-system-arm", "arm-none-eabi-gcc")
    with tiny.boards("native:1,qemu:1") as engine:
        mixed = weights_after(tiny, engine)
    assert_close(mixed, weights_after(tiny, tiny.local()), 2e-5)
    native, qemu = engine.boards
    assert (native.rounds, qemu.rounds) == (ROUNDS, ROUNDS)
    assert (native.mask, qemu.mask) == ("seed", "seed")
    assert native.instructions_per_sample is None
    assert qemu.instructions_per_sample is not None and qemu.instructions_per_sample > 1000


@pytest.mark.parametrize("encoding", ["float16", "int8"])
def test_encodings_with_error_feedback_agree_too(tiny: TinyFleet, encoding: str) -> None:
    with tiny.boards("native:3", encoding=encoding) as engine:
        on_boards = weights_after(tiny, engine, encoding)
    on_host = weights_after(tiny, tiny.local(), encoding)
    # A sum that differs in its last bit may round to the other side, by one step of one client.
    assert_close(on_boards, on_host, 2e-3)
    assert not any(record.losses or record.residuals_lost for record in engine.boards)


def test_boards_say_what_they_have_cost(tiny: TinyFleet) -> None:
    with tiny.boards("native:2") as engine:
        state, metrics = run_round(tiny.state(), engine, plan())
    assert state.round == 1
    for record in engine.boards:
        exchange = metrics.exchanges[record.client]
        assert (exchange.bytes_down, exchange.bytes_up) == (record.round_sent, record.round_received)
        assert 0 < record.setup_received < record.setup_sent
    last = tiny.status[-1].boards
    assert [(one.client, one.state, one.round) for one in last] == [(0, "off", 1), (1, "off", 1)]
    assert {one.state for status in tiny.status for one in status.boards} >= {"training", "receiving", "samples"}


def test_gradients_are_refused_for_boards_alone(tiny: TinyFleet) -> None:
    with tiny.boards("native:1") as engine:
        assert [reply.client for reply in engine.gradients([1, 2], tiny.state().weights)] == [1, 2]
        with pytest.raises(UserError, match="boards give no gradients"):
            engine.gradients([0, 1], tiny.state().weights)

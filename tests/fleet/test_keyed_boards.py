"""A board whose firmware has a key is a client like any other, for who has the key."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_federation import plan
from tiny_fleet import TinyFleet, plan_of

from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.keys import load_key, new_key
from trainer.algorithms.rounds import run_round
from trainer.fleet.board import BoardLostError


def test_a_round_with_a_keyed_board(tmp_path: Path) -> None:
    tiny = TinyFleet()
    key, other = tmp_path / "board1.key", tmp_path / "other.key"
    new_key(key)
    new_key(other)
    wanted = plan_of(tiny.network, tiny.data, "native:1")
    board = load_board("stm32f4_qemu")
    purpose = replace(wanted.purpose, samples=200)
    elf = build_learner(
        wanted.description, purpose, board, tmp_path / "firmware", target="native", key=load_key(key)
    ).elf
    with start_emulator("native", elf, board) as running:
        with tiny.boards(f"{running.url}@{key}") as engine:
            state, metrics = run_round(tiny.state(), engine, plan())
        assert not metrics.rejected
        with pytest.raises(BoardLostError, match="does not have this key"), tiny.boards(f"{running.url}@{other}"):
            pass
    expected, _ = run_round(tiny.state(), tiny.local(), plan())
    for one, two in zip(state.weights, expected.weights, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=2e-5)

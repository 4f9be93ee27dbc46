"""The keywords of FedpaiLearner.py: a board is a client of a federation whose rounds the host computes too."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "trainer"))
sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from tiny_federation import WORK, plan
from tiny_fleet import TinyFleet, plan_of

from device_sim.emulators.renode.scripts import render_resc
from device_sim.emulators.renode.session import prepare
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from trainer.algorithms.rounds import run_round
from trainer.values import value_count

TOLERANCE = 2e-5
"""Sums of float32 that a board takes in another order than the host."""


class Keywords:
    """One board at a time; a new one replaces it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fp-robot-")
        self._url = ""

    def make_learner(self, name: str) -> str:
        """Build the federation's learner firmware for a board; returns the script that boots it in Renode."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        self._tiny = TinyFleet()
        fleet = plan_of(self._tiny.network, self._tiny.data, "socket://127.0.0.1:1")
        values = max(value_count(fleet.specs, mask) for mask in self._tiny.state().masks[:1])
        samples = len(self._tiny.partition[0])
        purpose = replace(fleet.purpose, samples=samples, values=values)
        board = load_board(name)
        report = build_learner(fleet.description, purpose, board, folder / "learner", target="board")
        (prepared,) = prepare(folder, [report.elf], board, [0])
        self._url = f"socket://127.0.0.1:{prepared.machine.port}"
        script = folder / "learner.resc"
        script.write_text(render_resc([prepared.machine]))
        return str(script)

    def learner_should_train_a_round(self) -> None:
        """A round with the board as first client ends in the weights of a round without boards."""
        work = replace(WORK, shift=1, weight_decay=0.01, encoding="float32")
        with self._tiny.boards(self._url) as engine:
            with_board, metrics = run_round(self._tiny.state(), engine, plan(work=work))
        (record,) = engine.boards
        if record.rounds != 1 or not metrics.exchanges[0].samples:
            raise AssertionError(f"the board took no part: {record}")
        without, _ = run_round(self._tiny.state(), self._tiny.local(), plan(work=work))
        for one, other in zip(with_board.weights, without.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)

"""Whole runs with boards: what they leave when they break off, and that --resume ends like a run that did not."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tiny_federation import tiny_cnn, tiny_dataset

import trainer.callbacks.jsonl
import trainer.prepare
from host_bridge.monitor.status import STATUS, FleetStatus, read_status, write_status
from trainer.checkpoint import CHECKPOINT
from trainer.config import RunConfig, make_config
from trainer.display import Display
from trainer.history import RoundRecord
from trainer.run import run
from trainer.summary import RunSummary, read_summary


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: tiny_dataset())
    monkeypatch.setattr(trainer.prepare, "load_builder", lambda _: tiny_cnn)


def options(folder: Path, devices: str) -> RunConfig:
    few = {"sparsity": 0.5, "clients": 3, "rounds": 3, "local_epochs": 1, "batch_size": 4, "board": "none"}
    return make_config({**few, "out": str(folder), "devices": devices, "tensorboard": False})


def play(config: RunConfig, *, resume: bool = False) -> RunSummary:
    run(config, Display(Console(file=io.StringIO())), resume=resume)
    return read_summary(config.folder / "summary.json")


def trained(summary: RunSummary) -> list[tuple[Any, ...]]:
    return [(one.round, one.accuracy, one.loss) for one in summary.rounds]


@pytest.mark.slow
def test_a_run_with_boards_goes_on_where_it_broke_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = play(options(tmp_path / "whole", "native:2"))
    broken = options(tmp_path / "broken", "native:2")
    append = trainer.callbacks.jsonl.JsonLines.on_round

    def die(self: Any, done: RoundRecord, state: Any) -> None:
        append(self, done, state)
        if done.round == 2:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trainer.callbacks.jsonl.JsonLines, "on_round", die)
        play(broken)
    assert sorted(path.name for path in broken.folder.iterdir()) == [CHECKPOINT, STATUS, "rounds.jsonl"]
    last = read_status(broken.folder / STATUS)
    assert [(one.client, one.state, one.round) for one in last.boards] == [(0, "off", 2), (1, "off", 2)]
    resumed = play(broken, resume=True)
    assert trained(resumed) == trained(whole)
    assert (broken.folder / "model.tflite").read_bytes() == (tmp_path / "whole" / "model.tflite").read_bytes()
    assert not (broken.folder / CHECKPOINT).exists()
    assert [one.round for one in read_status(broken.folder / STATUS).boards] == [3, 3]
    assert resumed.fleet is not None and [board.rounds for board in resumed.fleet.boards] == [1, 1]


def test_a_run_shows_no_boards_of_an_earlier_one(tmp_path: Path) -> None:
    config = options(tmp_path, "none")
    write_status(tmp_path / STATUS, FleetStatus(30, ()))
    play(config)
    assert not (tmp_path / STATUS).exists()

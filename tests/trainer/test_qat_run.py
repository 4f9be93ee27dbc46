"""``--quantisation qat`` in a whole run."""

from pathlib import Path

import pytest
from rich.console import Console
from small_network import make_small_network

from host_bridge.errors import UserError
from trainer.config import RunConfig
from trainer.datasets import Dataset
from trainer.display import Display
from trainer.quantisation.aware import QAT_ROUNDS
from trainer.run import run


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    dataset = make_small_network().dataset
    monkeypatch.setattr("trainer.prepare.load_dataset", lambda *_: dataset)
    return dataset


def options(folder: Path, model: str) -> RunConfig:
    return RunConfig(
        model=model,
        clients=2,
        sparsity=0.5,
        partition="iid",
        rounds=1,
        local_epochs=1,
        board="none",
        tensorboard=False,
        quantisation="qat",
        shift=1,
        out=str(folder),
    )


@pytest.mark.slow
def test_a_run_ends_with_quantisation_aware_rounds(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        summary = run(options(tmp_path / "out", "small_network:build_small"), Display(Console(file=log)))
    said = (tmp_path / "log").read_text()
    assert [f"quantisation-aware round {number}/{QAT_ROUNDS}" in said for number in (1, 2)] == [True, True]
    assert summary.config["quantisation"] == "qat"
    assert len(summary.rounds) == 1
    dense = summary.parameters.prunable_total * 4
    assert QAT_ROUNDS * 2 * 2 * 0.5 * dense < summary.traffic.quantisation_bytes < (QAT_ROUNDS * 2 + 1) * 2 * 2 * dense
    for one in summary.layers:
        assert one.int8_nonzero + one.rounded_to_zero == one.kept < one.total
        assert one.weight_sqnr_db is not None and one.weight_sqnr_db > 30
    assert (tmp_path / "out" / "model.tflite").stat().st_size == summary.model_bytes


def test_what_cannot_be_quantised_is_refused_before_training(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, pytest.raises(UserError, match="layer spread"):
        run(options(tmp_path / "out", "test_qat:build_upside_down"), Display(Console(file=log)))
    assert "round 1" not in (tmp_path / "log").read_text()
    assert not (tmp_path / "out" / "summary.json").exists()

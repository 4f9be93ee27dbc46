"""Whole runs of a tiny model: files, determinism, and what is left when something goes wrong."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from probe_firmware import require
from rich.console import Console
from tiny_federation import CLASSES, tiny_cnn, tiny_dataset, tiny_network

import trainer.prepare
import trainer.run
from firmware_gen.boards import BOARD_FOLDER
from host_bridge.errors import UserError
from trainer.config import RunConfig, make_config
from trainer.console import print_summary
from trainer.display import Display
from trainer.prepare import load_data, prepare
from trainer.run import run
from trainer.staging import staged_run
from trainer.summary import RunSummary, read_summary
from trainer.tensors import all_kept
from trainer.traffic import payload_bytes
from trainer.values import pack_values

PRUNABLE = 3 * 3 * 1 * 4 + 2 * 2 * 4 * CLASSES


@dataclass(frozen=True)
class Run:
    summary: RunSummary
    folder: Path
    log: str


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: tiny_dataset())
    monkeypatch.setattr(trainer.prepare, "load_builder", lambda _: tiny_cnn)


def options(folder: Path, **given: object) -> RunConfig:
    few = {"sparsity": 0.5, "clients": 3, "rounds": 2, "local_epochs": 1, "batch_size": 4, "board": "none"}
    return make_config({**few, "out": str(folder), **given})


def run_tiny(folder: Path, **given: object) -> Run:
    log = io.StringIO()
    return Run(run(options(folder, **given), Display(Console(file=log))), folder, log.getvalue())


def without_seconds(summary: RunSummary) -> dict[str, object]:
    document = json.loads(summary.model_dump_json())
    for record in document["rounds"]:
        assert record.pop("seconds") >= 0
    return document


@pytest.mark.usefixtures("tiny")
def test_a_run_leaves_its_files(tmp_path: Path) -> None:
    done = run_tiny(tmp_path / "a" / "b")
    assert sorted(path.name for path in done.folder.iterdir()) == [
        *("model.tflite", "report.html", "rounds.jsonl", "summary.json", "tensorboard")
    ]
    assert read_summary(done.folder / "summary.json") == done.summary
    summary = done.summary
    assert (summary.parameters.prunable_kept, summary.parameters.prunable_total) == (PRUNABLE // 2, PRUNABLE)
    assert summary.sparsity == 0.5
    assert [record.round for record in summary.rounds] == [1, 2]
    assert summary.accuracy.float_ == summary.rounds[-1].accuracy
    assert (summary.firmware, summary.device, summary.accuracy.device) == (None, None, None)
    assert "round 2/2 accuracy" in done.log


@pytest.mark.usefixtures("tiny")
def test_the_same_seed_gives_the_same_summary_and_model(tmp_path: Path) -> None:
    first, second, other = (
        run_tiny(tmp_path / name / "run", seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert without_seconds(first.summary) == without_seconds(second.summary)
    models = [(done.folder / "model.tflite").read_bytes() for done in (first, second, other)]
    assert models[0] == models[1] != models[2]


@pytest.mark.usefixtures("tiny")
def test_the_same_seed_gives_the_same_masks(tmp_path: Path) -> None:
    config = options(tmp_path)
    first, second = (prepare(config, load_data(config)).masks for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert (one is None and two is None) or (one == two).all()


@pytest.mark.usefixtures("tiny")
def test_traffic_is_that_of_the_kept_values_against_all_values(tmp_path: Path) -> None:
    summary = run_tiny(tmp_path / "run").summary
    network = tiny_network()
    everything = trainer.prepare.initial_weights(1, network.specs)
    dense = payload_bytes(pack_values(everything, all_kept(network.specs)).tobytes())
    assert summary.traffic.dense_bytes_up_per_client == summary.traffic.dense_bytes_down_per_client == dense
    biases = 4 + CLASSES
    payload = 4 * (PRUNABLE // 2 + biases)
    for record in summary.rounds:
        for sent in (record.bytes_up_per_client, record.bytes_down_per_client):
            # One frame: offset, header, CRC, and at least one COBS byte and the delimiter.
            assert payload + 4 + 6 + 4 + 2 <= sent <= payload + 4 + 6 + 4 + 4


@pytest.mark.usefixtures("tiny")
def test_fedavg_keeps_everything(tmp_path: Path) -> None:
    summary = run_tiny(tmp_path / "run", method="fedavg").summary
    assert (summary.pruner, summary.sparsity) == (None, 0)
    assert summary.traffic.bytes_down_per_client == summary.traffic.dense_bytes_down_per_client


@pytest.mark.usefixtures("tiny")
def test_more_clients_than_samples_names_both_numbers(tmp_path: Path) -> None:
    samples = len(tiny_dataset().train_y)
    with pytest.raises(UserError, match=rf"clients = {samples + 1} is more than the {samples} training samples"):
        run_tiny(tmp_path / "run", clients=samples + 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("failure", [UserError("does not fit"), KeyboardInterrupt()])
def test_a_failure_after_training_leaves_the_checkpoint_and_the_log_of_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(trainer.run, "check_deployable", lambda *_: None)
    monkeypatch.setattr(trainer.run, "check_fits", lambda *_: None)
    monkeypatch.setattr(trainer.run, "deploy", fail)
    with pytest.raises(type(failure)):
        run_tiny(tmp_path / "run", board="mps2_an386", devices="none", tensorboard=False)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint.npz", "rounds.jsonl"]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("failure", [UserError("no memory"), KeyboardInterrupt()])
def test_a_failure_before_the_first_round_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(trainer.run, "federate", fail)
    with pytest.raises(type(failure)):
        run_tiny(tmp_path / "a" / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_run_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "report.json").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    with staged_run(tmp_path) as folder:
        (folder / "firmware").mkdir()
        (folder / "firmware" / "report.json").write_text("new")
    assert (tmp_path / "firmware" / "report.json").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["firmware", "notes.txt"]


def test_a_strange_firmware_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="not a generated project"), staged_run(tmp_path):
        pass
    assert (tmp_path / "firmware" / "thesis.tex").read_text() == "mine"


@pytest.mark.usefixtures("tiny")
def test_the_table_names_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = run_tiny(tmp_path / "run").summary
    capsys.readouterr()
    print_summary(summary, tmp_path / "run")
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        f"{summary.accuracy.float_:.2%} float",
        f"{summary.accuracy.int8:.2%} int8",
        f"50.00%: {PRUNABLE // 2} of {PRUNABLE} weights kept",
        f"{summary.traffic.bytes_up_per_client:,} per client and round",
        str(tmp_path / "run" / "summary.json"),
    ):
        assert words in text


@pytest.mark.qemu
@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("shrink", "message"),
    [
        ({"bytes = 0x2_0000": "bytes = 8_256"}, r"RAM of stm32f4_discovery: \d+ bytes too many .* tensor '"),
        ({"bytes = 0x10_0000": "bytes = 64"}, r"flash of stm32f4_discovery: \d+ bytes too many .* layer '"),
    ],
)
def test_a_board_too_small_is_refused_before_training(tmp_path: Path, shrink: dict[str, str], message: str) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    text = (BOARD_FOLDER / "stm32f4_discovery.toml").read_text()
    for old, new in shrink.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "small.toml").write_text(text)
    log = io.StringIO()
    chosen = options(tmp_path / "run", board=str(tmp_path / "small.toml"), emulator="qemu")
    with pytest.raises(UserError, match=message):
        run(chosen, Display(Console(file=log)))
    assert "weights kept" in log.getvalue()
    assert "round" not in log.getvalue()
    assert not (tmp_path / "run").exists()

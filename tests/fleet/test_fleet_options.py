"""Options about boards: what is refused before anything is started, and what auto means."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_federation import CLIENTS, tiny_cnn, tiny_dataset, tiny_network

from firmware_gen.learner_file import read_learner_file, write_learner_file
from host_bridge.errors import UserError
from trainer.config import make_config
from trainer.fleet.planning import NoFleet, describe_run, plan_fleet
from trainer.models.network import build_network

ROOT = Path(__file__).resolve().parents[2]


def federate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "trainer/federate.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("devices", "words"), [("qemu:0", "how many boards"), ("toaster:2", "neither an emulator")])
def test_a_bad_list_of_boards_is_one_line(devices: str, words: str) -> None:
    done = federate("--devices", devices, "--board", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert words in done.stderr


def refused(**given: Any) -> str:
    options = {"clients": CLIENTS, "board": "none", **given}
    with pytest.raises(UserError) as caught:
        plan_fleet(make_config(options), tiny_network(), tiny_dataset(), "synflow")
    return str(caught.value)


def test_more_boards_than_clients_are_refused() -> None:
    assert "4 boards for 3 clients" in refused(devices="native:4")


def test_methods_that_change_masks_are_refused() -> None:
    assert "'feddst' changes masks" in refused(devices="native:1", method="feddst")


def normalised(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(source)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def test_a_model_that_boards_cannot_train_is_refused_by_the_layer() -> None:
    network = build_network(normalised, (4, 4, 1), 3)
    config = make_config({"clients": CLIENTS, "board": "none", "devices": "native:1"})
    with pytest.raises(UserError, match="norm"):
        plan_fleet(config, network, tiny_dataset(), "synflow")
    auto = plan_fleet(make_config({"clients": CLIENTS, "emulator": "native"}), network, tiny_dataset(), "synflow")
    assert isinstance(auto, NoFleet) and "norm" in auto.reason


def test_auto_means_two_boards_where_a_board_is_asked_for() -> None:
    network, data = tiny_network(), tiny_dataset()
    places = {
        name: plan_fleet(make_config({"clients": CLIENTS, "emulator": "native", **given}), network, data, "synflow")
        for name, given in {"board": {}, "none": {"board": "none"}, "off": {"devices": "none"}}.items()
    }
    assert isinstance(places["none"], NoFleet) and not places["none"].reason
    assert isinstance(places["off"], NoFleet) and not places["off"].reason
    board = places["board"]
    assert not isinstance(board, NoFleet)
    assert [place.emulator for place in board.places] == ["native", "native"]  # type: ignore[union-attr]


def test_a_learner_file_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import trainer.prepare

    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: tiny_dataset())
    monkeypatch.setattr(trainer.prepare, "load_builder", lambda _: tiny_cnn)
    config = make_config({"clients": CLIENTS, "board": "none", "encoding": "int8", "sparsity": 0.5})
    description, purpose = describe_run(config, None)
    write_learner_file(tmp_path / "learner.json", description, purpose)
    back = read_learner_file(tmp_path / "learner.json")
    assert (back.description.sha256, back.purpose) == (description.sha256, purpose)
    assert purpose.encoding == "int8" and purpose.seeded and purpose.samples >= 10


@pytest.mark.parametrize("text", [None, "", "[]", '{"description": {}}', json.dumps({"purpose": {"samples": 1}})])
def test_another_file_is_no_learner(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "learner.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=re.escape(str(path))) as caught:
        read_learner_file(path)
    assert "\n" not in str(caught.value)

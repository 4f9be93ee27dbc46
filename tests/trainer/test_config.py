"""A run's options: defaults, checks, files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from host_bridge.errors import UserError
from trainer.aggregation import AGGREGATORS
from trainer.algorithms import ALGORITHMS
from trainer.config import RunConfig, make_config
from trainer.config_file import read_options
from trainer.datasets import DATASETS
from trainer.engines import ENGINES
from trainer.models import MODELS
from trainer.partitions import PARTITIONS
from trainer.pruners import PRUNERS
from trainer.server_optimisers import SERVER_OPTIMISERS
from trainer.wire import CODECS


def fault(options: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        make_config(options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_defaults_are_themselves_allowed() -> None:
    config = make_config({})
    assert make_config(config.model_dump()) == config
    assert config.folder == Path("runs/digits-fedpai-u")


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        RunConfig().rounds = 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("sparsity", value) for value in (0, 0.0, 1, 1.0, -0.1, 1.5, float("nan"), float("inf"), "0.98", True)),
        *(("clients", value) for value in (0, -1, 2.0, "10", True, None)),
        *((key, 0) for key in ("rounds", "local_epochs", "batch_size", "learning_rate", "alpha")),
        *(("momentum", value) for value in (-0.1, 1.0)),
        *(("trim", value) for value in (-0.1, 0.5)),
        *(("clip_norm", value) for value in (0, -1.0, float("inf"))),
        *(("drop_rate", value) for value in (-0.1, 1.0)),
        *(("quorum", value) for value in (-0.1, 1.1)),
        *(("cohort", value) for value in (0, 1.5)),
        *(("shift", value) for value in (-1, 17)),
        *((key, 0) for key in ("shards", "saliency_samples", "adjust_every", "server_learning_rate")),
        ("proximal", -0.1),
        ("compaction", 1),
        ("masks", "mine"),
        ("quantisation", "int4"),
        *(("seed", value) for value in (-1, 2**64)),
        ("weight_decay", -1e-9),
        ("learning_rate_floor", 1.1),
        ("dataset", 3),
        ("out", 3),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key: str, value: object) -> None:
    assert fault({key: value}).startswith(f"{key} = {value!r} is not allowed; use ")


def test_the_allowed_values_are_named() -> None:
    assert fault({"sparsity": 1.5}).endswith("use a number more than 0 and less than 1")
    assert fault({"clients": 0}).endswith("use a whole number at least 1")
    assert fault({"trim": 0.5}).endswith("use a number at least 0 and less than 0.5")
    assert fault({"compaction": "yes"}).endswith("use true or false")
    assert fault({"masks": "mine"}).endswith("use one of: federated, personalized, shared")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            ("sparsity", 1e-9),
            ("sparsity", 0.999999),
            ("clients", 1),
            ("seed", 2**64 - 1),
            ("momentum", 0),
            ("alpha", 1),
        ),
        *(("trim", 0), ("quorum", 1), ("quorum", 0), ("drop_rate", 0), ("shift", 16), ("cohort", None), ("cohort", 1)),
    ],
)
def test_the_ends_of_ranges_are_allowed(key: str, value: float | None) -> None:
    assert getattr(make_config({key: value}), key) == value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "fedavg", "pruner": "random"},
            "pruner 'random' does not go with method 'fedavg'; leave --pruner away",
        ),
        (
            {"method": "fedavg", "masks": "federated"},
            "masks 'federated' do not go with method 'fedavg'; use --method fedpai-u",
        ),
        (
            {"engine": "flower", "devices": "qemu:2"},
            "devices = 'qemu:2': boards of a Flower run are behind its SuperNodes; give them to "
            "python -m trainer.flower node --devices, or leave --engine flower away",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, str], message: str) -> None:
    assert message in fault(options)


def test_an_unknown_option_lists_the_options() -> None:
    message = fault({"epochs": 3})
    assert "'epochs'" in message
    assert all(name in message for name in RunConfig.model_fields)


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("dataset", DATASETS.names),
        ("model", MODELS.names),
        ("method", ALGORITHMS.names),
        ("pruner", PRUNERS.names),
        ("partition", PARTITIONS.names),
        ("aggregator", AGGREGATORS.names),
        ("server_optimiser", SERVER_OPTIMISERS.names),
        ("encoding", CODECS.names),
        ("engine", ENGINES.names),
        ("board", ["stm32f4_discovery", "mps2_an386", "none"]),
        ("emulator", ["auto", "qemu", "native"]),
    ],
)
def test_an_unknown_name_lists_the_choices(key: str, choices: Sequence[str]) -> None:
    message = fault({key: "nonesuch"})
    assert f"unknown {key.replace('_', ' ')} 'nonesuch'; choose from: " in message
    listed = message.split("choose from: ")[1]
    assert all(choice in listed for choice in choices)


def test_a_broken_board_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("name = 3")
    assert "mine.toml" in fault({"board": str(tmp_path / "mine.toml")})


def test_a_file_of_options(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('sparsity = 0.9\nclients = 3\nout = "here"\n')
    assert read_options(file) == {"sparsity": 0.9, "clients": 3, "out": "here"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"rounds = ", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (b"epochs = 3", "unknown option 'epochs'"),
        (b"rounds = 0", "rounds = 0 is not allowed"),
        (b'rounds = "3"', "rounds = '3' is not allowed"),
        (b"[training]\nrounds = 3", "unknown option 'training'"),
        (None, "cannot read"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "run.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_options(file)
    assert "run.toml" in str(caught.value)
    assert words in str(caught.value)

"""What flwr run cannot serve is named."""

from pathlib import Path

import pytest

from host_bridge.errors import UserError
from trainer.flower.options import read_run_config


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"options": "rounds = "}, "is not TOML"),
        ({"options": "rounds = 0"}, "rounds = 0 is not allowed"),
        ({"options": "colour = 'red'"}, "unknown option 'colour'"),
        ({"options": "out = 'runs/here'"}, "give out = '/a/folder'"),
        ({"options": "out = '/runs', engine = 'local'"}, "engine = 'local' does not go with flwr run"),
        ({"options": "out = '/runs', devices = 'qemu:2'"}, "behind its SuperNodes"),
        ({"config": "/gone.toml"}, "/gone.toml"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_run_config(given)


def test_options_come_on_top_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(f"rounds = 7\nclients = 4\nout = '{tmp_path}'\n")
    config, resume = read_run_config({"config": str(file), "options": "rounds = 3", "resume": True})
    assert (config.rounds, config.clients, config.engine, config.board, resume) == (3, 4, "flower", "none", True)

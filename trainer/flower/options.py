"""A run's options as ``flwr run --run-config`` gives them."""

import tomllib
from pathlib import Path
from typing import Any

from host_bridge.errors import UserError
from trainer.config import RunConfig, make_config
from trainer.config_file import read_options


def read_run_config(given: dict[str, Any]) -> tuple[RunConfig, bool]:
    """Options, and whether the run goes on from its checkpoint.

    Args:
        given: ``config``, a TOML file on the server's machine, or empty; ``options``, a line of TOML that comes on top,
            such as ``rounds = 3, clients = 4``; ``resume``.

    Raises:
        UserError: an option is not allowed, or asks for what a federation of SuperNodes does not do.
    """
    named = str(given.get("config", ""))
    options = {
        "board": "none",
        **(read_options(Path(named)) if named else {}),
        **_inline(str(given.get("options", ""))),
    }
    if options.get("engine", "flower") != "flower":
        raise UserError(f"engine = {options['engine']!r} does not go with flwr run; leave it away")
    config = make_config({**options, "engine": "flower"})
    if not Path(config.folder).is_absolute():
        raise UserError("a ServerApp has no folder of its own; give out = '/a/folder' among the options")
    return config, bool(given.get("resume", False))


def _inline(text: str) -> dict[str, Any]:
    try:
        return dict(tomllib.loads(f"options = {{ {text} }}")["options"])
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"options = {text!r} is not TOML: {error}; write rounds = 3, clients = 4") from None

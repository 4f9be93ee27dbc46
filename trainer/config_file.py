"""Options from a TOML file, under the keys of :class:`trainer.config.RunConfig`."""

import tomllib
from pathlib import Path
from typing import Any

from host_bridge.errors import UserError
from trainer.config import make_config


def read_options(path: Path) -> dict[str, Any]:
    """Read and check a file of options.

    Raises:
        UserError: the file cannot be read, is not TOML, or holds an option that is not allowed; names the file.
    """
    try:
        options = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read --config {path}: {error.strerror}; give a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"--config {path} is not valid TOML: {error}") from error
    try:
        make_config(options)
    except UserError as error:
        raise UserError(f"--config {path}: {error}") from None
    return options

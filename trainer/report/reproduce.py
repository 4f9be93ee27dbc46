"""The options of a run as a file that runs it again."""

import json

from trainer.summary.document import RunSummary


def config_toml(summary: RunSummary) -> str:
    """Options as TOML, one a line; where results go is left to whoever runs it.

    JSON's numbers, booleans, strings and lists of them mean the same in TOML, except for the delete character.
    """
    options = {key: value for key, value in summary.config.items() if value is not None and key != "out"}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in options.items())

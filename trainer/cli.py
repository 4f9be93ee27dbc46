"""The command line: ``python trainer/federate.py``. Options come from :class:`trainer.config.RunConfig`."""

import inspect
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from host_bridge.console import print_json, run_app
from trainer.config import RunConfig, make_config
from trainer.config_file import read_options

EXIT_MISMATCH = 1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def federate(**given: Any) -> None:  # noqa: ANN401
    """Prune a network at initialisation, train it federated, and verify it on an emulated board."""
    file, json, resume = given.pop("config"), given.pop("json"), given.pop("resume")
    options = {name: value for name, value in given.items() if value is not None}
    checked = make_config({**({} if file is None else read_options(file)), **options})
    from trainer.run import run

    # Converters print; with --json, standard output belongs to the document alone.
    with redirect_stdout(sys.stderr):
        summary = run(checked, resume=resume)
    if json:
        print_json(summary.model_dump(mode="json"))
    else:
        from trainer.console import print_summary

        print_summary(summary, checked.folder)
    if summary.device is not None and summary.device.mismatched_samples:
        raise typer.Exit(EXIT_MISMATCH)


def _parameter(name: str, kind: Any, default: Any, panel: str, text: str) -> inspect.Parameter:  # noqa: ANN401
    option = typer.Option(f"--{name.replace('_', '-')}", help=text, rich_help_panel=panel, show_default=False)
    if kind == bool | None:
        both = f"--{name}/--no-{name}"
        option = typer.Option(both, help=text, rich_help_panel=panel, show_default=False)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def _of_field(name: str, field: FieldInfo) -> inspect.Parameter:
    """The option of one key; None, the default here, means that it was not given."""
    kind = next((one for one in (bool, int, float) if one in (field.annotation, *get_args(field.annotation))), str)
    extra, text = field.json_schema_extra, field.description or ""
    panel = str(extra["panel"]) if isinstance(extra, dict) else ""
    if field.default is not None:
        shown = {True: "on", False: "off"}.get(field.default, field.default) if kind is bool else field.default
        text = f"{text.removesuffix('.')}; default {shown}."
    return _parameter(name, kind | None, None, panel, text)


def _parameters() -> list[inspect.Parameter]:
    own = [
        _parameter("config", Path | None, None, "Run", "TOML file of options; the command line wins."),
        _parameter("json", bool, False, "Run", "Print summary.json on standard output and nothing else."),
        _parameter("resume", bool, False, "Run", "Go on from the last checkpoint in the results' folder."),
    ]
    return own + [_of_field(name, field) for name, field in RunConfig.model_fields.items()]


federate.__signature__ = inspect.Signature(_parameters())  # type: ignore[attr-defined]
app.command(context_settings={"help_option_names": ["-h", "--help"]})(federate)


def main() -> None:
    """Run the command line and exit: 0, 1 if the board differs, 2 for bad input, 130 after Ctrl-C."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run_app(app)

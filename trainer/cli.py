"""The command line: ``python trainer/federate.py``."""

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from host_bridge.console import print_json, run_app
from trainer.config import RunConfig, make_config
from trainer.config_file import read_options

EXIT_MISMATCH = 1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_RUN, _DATA, _METHOD, _TRAINING, _BOARD = "Run", "Data", "Method", "Training", "Board"


def _option(name: str, panel: str, text: str) -> Any:  # noqa: ANN401 - what typer.Option gives
    field = RunConfig.model_fields.get(name.replace("-", "_"))
    if field is not None and field.default is not None:
        text = f"{text.removesuffix('.')}; default {field.default}."
    return typer.Option(f"--{name}", help=text, rich_help_panel=panel, show_default=False)


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def federate(
    *,
    config: Annotated[Path | None, _option("config", _RUN, "TOML file of options; the command line wins.")] = None,
    out: Annotated[str | None, _option("out", _RUN, "Folder for the results; else runs/DATASET-METHOD.")] = None,
    seed: Annotated[int | None, _option("seed", _RUN, "Where all chance comes from.")] = None,
    json: Annotated[bool, _option("json", _RUN, "Print summary.json on standard output and nothing else.")] = False,
    dataset: Annotated[str | None, _option("dataset", _DATA, "The data: digits.")] = None,
    clients: Annotated[int | None, _option("clients", _DATA, "Number of clients.")] = None,
    partition: Annotated[str | None, _option("partition", _DATA, "dirichlet or iid.")] = None,
    alpha: Annotated[float | None, _option("alpha", _DATA, "Of dirichlet: small is uneven.")] = None,
    model: Annotated[str | None, _option("model", _METHOD, "The network: digits_cnn.")] = None,
    method: Annotated[str | None, _option("method", _METHOD, "fedpai-u or fedavg (dense).")] = None,
    pruner: Annotated[str | None, _option("pruner", _METHOD, "random, magnitude or synflow.")] = None,
    sparsity: Annotated[float | None, _option("sparsity", _METHOD, "Share of weights to drop.")] = None,
    rounds: Annotated[int | None, _option("rounds", _TRAINING, "Federated rounds.")] = None,
    local_epochs: Annotated[int | None, _option("local-epochs", _TRAINING, "Epochs per round and client.")] = None,
    batch_size: Annotated[int | None, _option("batch-size", _TRAINING, "Samples in a batch.")] = None,
    learning_rate: Annotated[float | None, _option("learning-rate", _TRAINING, "Of the first round.")] = None,
    learning_rate_floor: Annotated[
        float | None, _option("learning-rate-floor", _TRAINING, "Share of it that the last rounds approach.")
    ] = None,
    momentum: Annotated[float | None, _option("momentum", _TRAINING, "Of the clients' SGD.")] = None,
    weight_decay: Annotated[float | None, _option("weight-decay", _TRAINING, "Of the clients' SGD.")] = None,
    shift: Annotated[int | None, _option("shift", _TRAINING, "Pixels that training images are moved by.")] = None,
    engine: Annotated[str | None, _option("engine", _TRAINING, "Where clients run: local.")] = None,
    board: Annotated[str | None, _option("board", _BOARD, "Board name or file; none stops at int8.")] = None,
    emulator: Annotated[str | None, _option("emulator", _BOARD, "auto, qemu or native.")] = None,
) -> None:
    """Prune a network at initialisation, train it federated, and verify it on an emulated board."""
    given = {name: value for name, value in locals().items() if name not in ("config", "json") and value is not None}
    _federate(config, given, json)


def _federate(file: Path | None, given: dict[str, Any], json: bool) -> None:
    checked = make_config({**({} if file is None else read_options(file)), **given})
    from trainer.run import run

    # Converters print; with --json, standard output belongs to the document alone.
    with redirect_stdout(sys.stderr):
        summary = run(checked)
    if json:
        print_json(summary.model_dump(mode="json"))
    else:
        from trainer.console import print_summary

        print_summary(summary, checked.folder)
    if summary.device is not None and summary.device.mismatched_samples:
        raise typer.Exit(EXIT_MISMATCH)


def main() -> None:
    """Run the command line and exit: 0, 1 if the board differs, 2 for bad input, 130 after Ctrl-C."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run_app(app)

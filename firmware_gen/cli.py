"""The command line: ``python -m firmware_gen analyze|build|flash|learner|supported-ops``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from firmware_gen.cli_build import Mode, build
from firmware_gen.cli_flash import flash
from firmware_gen.cli_learner import learner
from host_bridge.console import print_json

app = typer.Typer(help="Turn int8 .tflite models into firmware.", no_args_is_help=True, add_completion=False)

Model = Annotated[Path, typer.Argument(help="An int8 .tflite file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]
_BOARD_HELP = "A board's name, or a board file."


@app.command()
def analyze(
    model: Model,
    *,
    board: Annotated[str | None, typer.Option(help=f"{_BOARD_HELP} Shows what is left of it.")] = None,
    optimize: Mode = "balanced",
    json: Json = False,
) -> None:
    """Show a model's layers, encodings and memory plan, or all that is not supported, without compiling."""
    from firmware_gen.boards import load_board
    from firmware_gen.problems import ModelProblemsError
    from firmware_gen.report_build import analyze_model
    from firmware_gen.tables import print_analysis, print_problems

    described = None if board is None else load_board(board)
    try:
        report = analyze_model(model, described, optimize)
    except ModelProblemsError as error:
        if json:
            print_json({"model": model.name, "supported": False, "problems": [asdict(one) for one in error.problems]})
        elif len(error.problems) > 1:
            print_problems(model.name, error.problems)
        raise
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        print_analysis(report)


app.command()(build)
app.command()(flash)
app.command()(learner)


@app.command()
def supported_ops(*, json: Json = False) -> None:
    """List the operators that models may use."""
    from firmware_gen.parse import MODEL_LIMITS, READERS
    from firmware_gen.tables import print_operators

    if json:
        operators = [{"name": one.name, "limits": one.limits} for one in READERS.values()]
        print_json({"operators": operators, "model": list(MODEL_LIMITS)})
    else:
        print_operators([(one.name, one.limits) for one in READERS.values()], MODEL_LIMITS)

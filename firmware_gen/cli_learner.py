"""``python -m firmware_gen learner``: the firmware of a client that trains on its board."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from host_bridge.console import print_json
from host_bridge.keys import load_key


def learner(
    file: Annotated[Path, typer.Argument(help="learner.json, from python -m trainer.fleet describe.")],
    *,
    board: Annotated[str, typer.Option(help="A board's name, or a board file.")],
    out: Annotated[Path, typer.Option(help="Project folder; an earlier project there is replaced.")],
    target: Annotated[
        Literal["board", "native"], typer.Option(help="native: the same sources as a program of this machine.")
    ] = "board",
    sanitize: Annotated[bool, typer.Option("--sanitize", help="With --target native: sanitized build.")] = False,
    key: Annotated[Path | None, typer.Option(help="The board's key: the firmware obeys only who has it.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")
    ] = False,
) -> None:
    """Build the firmware of a board that learns: a client of a federation."""
    from firmware_gen.boards import load_board
    from firmware_gen.learner_build import build_learner
    from firmware_gen.learner_file import read_learner_file
    from firmware_gen.learner_table import print_learner

    given = read_learner_file(file)
    report = build_learner(
        given.description, given.purpose, load_board(board), out,
        target=target, sanitize=sanitize, key=None if key is None else load_key(key),
    )  # fmt: skip
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        print_learner(report, out)

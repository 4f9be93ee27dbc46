"""The command ``python -m firmware_gen flash``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from host_bridge.console import print_json


def flash(
    firmware: Annotated[Path, typer.Argument(help="An ELF file, or a generated project.")],
    *,
    board: Annotated[str, typer.Option(help="A board's name, or a board file.")],
    probe: Annotated[
        str | None, typer.Option(help="The debug probe's identifier, where several are connected.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output only.")] = False,
) -> None:
    """Write a firmware to a real board by its debug probe, and start it."""
    from firmware_gen.boards import load_board
    from firmware_gen.flash import flash as write
    from firmware_gen.flash import plan_flash

    plan = plan_flash(firmware, load_board(board))
    used = None if dry_run else write(plan, probe)
    if json:
        print_json(
            {"version": 1, **asdict(plan), "firmware": str(plan.firmware), "probe": used, "written": not dry_run}
        )
        return
    verb = "would be written" if dry_run else "written"
    size = plan.end - plan.first
    print(f"{plan.firmware}: {size:,} bytes at 0x{plan.first:08x} {verb} to {plan.board} (target {plan.target})")
    if used:
        print(f"probe: {used}")

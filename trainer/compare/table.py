"""The table on standard output."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from trainer.compare.comparison import Comparison
from trainer.compare.text import HEADINGS, TEXTS, cells, explanation

_WIDTH = 168
"""Where the output is no terminal."""


def print_table(comparison: Comparison, page: Path | None) -> None:
    """Print a comparison.

    Args:
        comparison: what to print.
        page: where its pictures are; None for nowhere.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    table = Table(box=SIMPLE_HEAD, title=f"{comparison.dataset}, {len(comparison.rows)} groups", title_justify="left")
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if place < TEXTS else "right", overflow="fold")
    for row in comparison.rows:
        table.add_row(*cells(row, comparison.baseline))
    console.print(table, markup=False)
    for sentence in (explanation(comparison), *comparison.notes, "", "Time model:", *comparison.assumptions):
        console.print(sentence, markup=False)
    if page is not None:
        console.print(f"\npictures: {page}", markup=False, soft_wrap=True)

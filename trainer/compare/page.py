"""The page of a comparison: one file that needs no network."""

from pathlib import Path

from host_bridge.atomic import write_whole
from pages.environment import page_environment
from trainer.compare.comparison import Comparison
from trainer.compare.plots.looks import looks
from trainer.compare.plots.progress import bytes_picture, rounds_picture, time_picture
from trainer.compare.plots.sparsities import sparsities_picture
from trainer.compare.text import HEADINGS, TEXTS, cells, explanation


def write_page(comparison: Comparison, path: Path) -> None:
    """Write the page, whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, render_page(comparison))


def render_page(comparison: Comparison) -> str:
    """The page as HTML."""
    found = looks(comparison)
    drawn = (
        rounds_picture(comparison, found),
        bytes_picture(comparison, found),
        time_picture(comparison, found),
        sparsities_picture(comparison, found),
    )
    rows = [(look.swatch, cells(row, comparison.baseline)) for row, look in zip(comparison.rows, found, strict=True)]
    return (
        page_environment(Path(__file__).with_name("templates"))
        .get_template("compare.html.j2")
        .render(
            comparison=comparison,
            headings=HEADINGS,
            texts=TEXTS,
            rows=rows,
            explanation=explanation(comparison),
            pictures=[picture for picture in drawn if picture is not None],
            runs=sum(row.seeds for row in comparison.rows),
        )
    )

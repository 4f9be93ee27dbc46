"""Templates of HTML pages: everything that is filled in is escaped, and nothing may be missing."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pages.text import counted, decibels, layer, number, percent, size

TEMPLATES = Path(__file__).with_name("templates")


def page_environment(*folders: Path) -> Environment:
    """Templates of ``folders`` and, behind them, what all pages share: ``style.css`` and ``figures.html.j2``."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (counted, decibels, layer, number, percent, size)
    environment.filters |= {write.__name__: write for write in filters}
    return environment

"""Which client holds what."""

import math
from typing import TYPE_CHECKING

import numpy as np

from pages.colours import INK
from pages.picture import HALF, Picture, draw
from pages.text import number
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CLIENTS_WITH_TICKS = 30
_LONGEST_NAME = 22
_TYPE, _SMALL_TYPE = 10.0, 7.5
_LETTER = 0.6
"""Width of a letter as a share of the size of the type."""
_POINTS = 72
"""In an inch."""


def partition_picture(summary: RunSummary) -> Picture:
    """Training samples by client and class."""
    counts = np.array(summary.partition.counts)
    sizes = counts.sum(axis=1)
    named = len(counts) <= _MOST_CLIENTS_WITH_TICKS
    rows = [f"{row}  (n = {number(n)})" for row, n in enumerate(sizes)] if named else ["1000"]
    column = _column_width(rows, counts.shape[1])
    names = [_short(name) for name in summary.partition.classes]
    upright = max(map(len, names)) * _TYPE * _LETTER > column
    written = named and len(number(counts.max())) * 9 * _LETTER < column

    def paint(axes: "Axes") -> None:
        shades = counts if written else np.sqrt(counts)  # small cells without numbers: any sample shall show
        axes.imshow(shades, cmap="Blues", aspect="auto", vmin=0, vmax=max(1.0, shades.max()) * 1.15)
        _name_classes(axes, names, column, upright)
        if named:
            axes.set_yticks(range(len(counts)), rows)
        axes.set(xlabel="class", ylabel="client")
        axes.grid(visible=False)
        if written:
            _write_numbers(axes, counts)

    held = np.count_nonzero(counts, axis=1)
    hold = f"hold {_range(sizes)} samples and {_range(held)} classes each"
    alt = f"Grid of {number(len(counts))} clients by {number(counts.shape[1])} classes; clients {hold}."
    shading = "" if written else f" The darkest cell is {number(counts.max())} samples; shades follow the square root."
    caption = f"Training samples by client and class. Clients {hold}.{shading}"
    below = max(map(len, names)) * _type_size(column) * _LETTER / _POINTS if upright else 0.0
    height = float(np.clip(0.9 + 0.3 * len(counts), 2.0, 7.0)) + below
    return Picture(draw("partition", alt, (HALF, height), paint), "Who holds which data", caption)


def _range(values: np.ndarray) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"


def _column_width(rows: list[str], classes: int) -> float:
    """Points that a class has, beside the clients' names and their heading."""
    return (HALF * _POINTS - max(map(len, rows)) * _TYPE * _LETTER - 30) / classes


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _type_size(column: float) -> float:
    """Of upright names."""
    return float(np.clip(column - 1, _SMALL_TYPE, _TYPE))


def _name_classes(axes: "Axes", names: list[str], column: float, upright: bool) -> None:
    """Upright where they do not fit side by side; only every second, third... where they do not fit even so."""
    if not upright:
        axes.set_xticks(range(len(names)), names)
        return
    size = _type_size(column)
    step = math.ceil(size * 1.1 / column)
    axes.set_xticks(range(0, len(names), step), names[::step], rotation=90, fontsize=size)


def _write_numbers(axes: "Axes", counts: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if count > 0.6 * counts.max() else INK
            axes.text(column, row, number(count), ha="center", va="center", color=colour, fontsize=9)

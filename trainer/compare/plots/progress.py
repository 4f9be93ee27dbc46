"""Accuracy over rounds, over bytes and over modelled time."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pages.picture import HALF, Picture, draw
from pages.text import percent
from trainer.compare.comparison import Comparison, Row
from trainer.compare.plots.looks import TARGET, Look
from trainer.compare.text import bytes_, duration
from trainer.report.plots.accuracy import whole_rounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 3.4
_SHOWN_BELOW = 30.0
"""Points below the least accurate end that are still shown: what comes earlier would squeeze the rest."""

_FEWEST_TICKS, _MOST_TICKS = 3, 6
_POWERS = tuple(10.0**power for power in range(16))
_PARTS = tuple(part * power for power in _POWERS for part in (1, 2, 5))
_TIMES = (0.01, 0.1, *(1, 10, 60, 600, 3600, 36000, 86400), *(10.0**power * 86400 for power in range(1, 6)))
_SHORT_TIMES = tuple(part * unit for unit in (0.01, 0.1, 1, 60, 3600, 86400) for part in (1, 2, 5, 10, 20, 30))
"""Round times: 1 s, 10 s, 1 min, 10 min, 1 h, 10 h, 1 d, 10 d and so on."""

Steps = tuple[Sequence[float], Sequence[float]]
Places = Callable[[Row], Sequence[float] | None]


def rounds_picture(comparison: Comparison, looks: Sequence[Look]) -> Picture:
    """Accuracy over the rounds."""

    def paint(axes: "Axes") -> None:
        _lines(axes, comparison, looks, lambda row: row.curve.rounds)
        axes.set_xlabel("round")
        whole_rounds(axes, [place for row in comparison.rows for place in row.curve.rounds])

    caption = "Test accuracy after each round. A band is the standard deviation over seeds."
    svg = draw("rounds", _alt(comparison, "rounds"), (HALF, _HEIGHT), paint)
    return Picture(svg, "Accuracy over rounds", caption)


def bytes_picture(comparison: Comparison, looks: Sequence[Look]) -> Picture:
    """Accuracy over the bytes that all clients have moved."""

    def paint(axes: "Axes") -> None:
        _lines(axes, comparison, looks, lambda row: row.curve.bytes)
        _logarithmic(axes, (_POWERS, _PARTS), bytes_, "bytes moved by all clients, both ways")

    caption = "The same over the bytes that all clients have sent and received, frames included; logarithmic."
    svg = draw("bytes", _alt(comparison, "bytes"), (HALF, _HEIGHT), paint)
    return Picture(svg, "Accuracy over bytes", caption)


def time_picture(comparison: Comparison, looks: Sequence[Look]) -> Picture | None:
    """Accuracy over the time that real devices would take; None if no run's time is known."""
    if all(row.curve.seconds is None for row in comparison.rows):
        return None

    def paint(axes: "Axes") -> None:
        axes.axhline(100 * comparison.target, **TARGET)
        _lines(axes, comparison, looks, lambda row: row.curve.seconds)
        _logarithmic(axes, (_TIMES, _SHORT_TIMES), duration, "time by the model")

    caption = (
        f"The same over the time that devices would take by the model below; logarithmic. Dotted is the target, "
        f"{percent(comparison.target)}."
    )
    svg = draw("time", _alt(comparison, "modelled time"), (HALF, _HEIGHT), paint)
    return Picture(svg, "Accuracy over modelled time", caption)


def _lines(axes: "Axes", comparison: Comparison, looks: Sequence[Look], places: Places) -> None:
    for row, look in zip(comparison.rows, looks, strict=True):
        x = places(row)
        if x is None:
            continue
        y, band = 100 * np.array(row.curve.accuracy), 100 * np.array(row.curve.deviation)
        axes.plot(x, y, marker="o" if len(y) == 1 else "", **look.line)
        if band.any():
            axes.fill_between(x, y - band, y + band, color=look.colour, alpha=0.16 * look.alpha, linewidth=0)
    lowest = min(100 * (row.curve.accuracy[-1] - row.curve.deviation[-1]) for row in comparison.rows)
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, lowest - _SHOWN_BELOW), min(top, 101))
    axes.set_ylabel("test accuracy in %")


def _logarithmic(axes: "Axes", places: Steps, write: Callable[[float], str], label: str) -> None:
    """A logarithmic axis with ticks at some of the first ``places``, or of the second where it is short."""
    axes.set_xscale("log")
    axes.minorticks_off()
    low, high = axes.get_xlim()
    coarse, fine = ([place for place in sorted(set(step)) if low <= place <= high] for step in places)
    ticks = coarse if len(coarse) >= _FEWEST_TICKS else fine
    ticks = ticks[:: max(1, -(-len(ticks) // _MOST_TICKS))]
    axes.set_xticks(ticks, [write(place) for place in ticks])
    axes.set_xlim(low, high)
    axes.set_xlabel(label)


def _alt(comparison: Comparison, what: str) -> str:
    ends = "; ".join(f"{row.label} {percent(row.curve.accuracy[-1])}" for row in comparison.rows)
    return f"Lines over {what}, ending at: {ends}."

"""Final accuracy against sparsity, where several sparsities were tried."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pages.colours import INK
from pages.picture import HALF, Picture, draw
from pages.text import percent
from trainer.compare.comparison import Comparison, Row
from trainer.compare.plots.looks import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEAR = 0.002
"""Sparsities so close are one, give or take a weight."""
_APART = 0.11
"""Share of the axis between two ticks at least."""


def sparsities_picture(comparison: Comparison, looks: Sequence[Look]) -> Picture | None:
    """Accuracy against sparsity, a line for each way of pruning; None where there is but one sparsity."""
    pruned = [(row, look) for row, look in zip(comparison.rows, looks, strict=True) if row.sparsity > 0]
    values = sorted(row.sparsity for row, _ in pruned)
    if not values or values[-1] - values[0] < _NEAR:
        return None
    families: dict[str, list[tuple[Row, Look]]] = {}
    for row, look in pruned:
        families.setdefault(row.family, []).append((row, look))

    def paint(axes: "Axes") -> None:
        _dense(axes, comparison)
        for members in families.values():
            _family(axes, members)
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_xticks(*_ticks(values))
        axes.set(xlabel="weights dropped", ylabel="final test accuracy in %")

    ends = "; ".join(f"{row.label} {percent(row.accuracy.mean)} at {percent(row.sparsity)}" for row, _ in pruned)
    caption = (
        "Final accuracy against the share of weights dropped; to the right, the weights kept halve with equal steps. "
        "The dark line is the baseline, a bar the standard deviation over seeds."
    )
    svg = draw("sparsities", f"Lines: {ends}.", (HALF, 3.4), paint)
    return Picture(svg, "Accuracy against sparsity", caption)


def _family(axes: "Axes", members: list[tuple[Row, Look]]) -> None:
    ordered = sorted(members, key=lambda pair: pair[0].sparsity)
    x = [1 / (1 - row.sparsity) for row, _ in ordered]
    y = [100 * row.accuracy.mean for row, _ in ordered]
    axes.plot(x, y, color=ordered[0][1].colour, linewidth=1.6, alpha=0.7)
    for place, (row, look) in zip(x, ordered, strict=True):
        bar = 100 * row.accuracy.deviation
        axes.errorbar(place, 100 * row.accuracy.mean, yerr=bar, color=look.colour, marker="o", markersize=6, capsize=3)


def _dense(axes: "Axes", comparison: Comparison) -> None:
    for row in comparison.rows:
        if row.label == comparison.baseline and row.sparsity == 0:
            axes.axhline(100 * row.accuracy.mean, color=INK, linewidth=2)


def _ticks(values: list[float]) -> tuple[list[float], list[str]]:
    """At sparsities that occur, as far as they do not touch; the highest always."""
    ends = np.log([1 - values[0], 1 - values[-1]])
    width = float(ends[0] - ends[1])
    chosen: list[float] = []
    for value in reversed(values):
        if not chosen or np.log((1 - value) / (1 - chosen[-1])) > _APART * width:
            chosen.append(value)
    return [1 / (1 - value) for value in chosen], [f"{100 * value:.3g} %" for value in chosen]

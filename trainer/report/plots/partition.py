"""Which client holds what."""

from typing import TYPE_CHECKING

import numpy as np

from trainer.report.plots.picture import HALF, INK, Picture, draw
from trainer.report.text import number
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CELLS_WITH_NUMBERS = 400
_MOST_CLIENTS_WITH_TICKS = 30


def partition_picture(summary: RunSummary) -> Picture:
    """Training samples by client and class."""
    counts = np.array(summary.partition.counts)
    sizes = counts.sum(axis=1)

    def paint(axes: "Axes") -> None:
        axes.imshow(counts, cmap="Blues", aspect="auto", vmin=0, vmax=max(1, counts.max()) * 1.15)
        axes.set_xticks(range(counts.shape[1]), summary.partition.classes)
        if len(counts) <= _MOST_CLIENTS_WITH_TICKS:
            axes.set_yticks(range(len(counts)), [f"{row}  (n = {number(n)})" for row, n in enumerate(sizes)])
        axes.set(xlabel="class", ylabel="client")
        axes.grid(visible=False)
        if counts.size <= _MOST_CELLS_WITH_NUMBERS:
            _write_numbers(axes, counts)

    held = np.count_nonzero(counts, axis=1)
    alt = (
        f"Grid of {len(counts)} clients by {counts.shape[1]} classes; clients hold {sizes.min()} to {sizes.max()} "
        f"samples and {held.min()} to {held.max()} classes each."
    )
    caption = (
        f"Training samples by client and class. Clients hold {number(sizes.min())} to {number(sizes.max())} samples "
        f"of {held.min()} to {held.max()} classes."
    )
    height = float(np.clip(0.9 + 0.3 * len(counts), 2.0, 7.0))
    return Picture(draw("partition", alt, (HALF, height), paint), "Who holds which data", caption)


def _write_numbers(axes: "Axes", counts: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if count > 0.6 * counts.max() else INK
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)

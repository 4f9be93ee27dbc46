"""How many weights the mask keeps, round by round, for methods that change it."""

from typing import TYPE_CHECKING

from pages.colours import BLUE
from pages.picture import FULL, Picture, draw, log_ticks
from pages.text import number
from trainer.report.plots.accuracy import whole_rounds
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOG_FROM = 5
"""Where the most is so many times the least, the axis is logarithmic."""


def kept_picture(summary: RunSummary) -> Picture | None:
    """Kept weights after each round; None where their number never changes."""
    kept = [one.kept for one in summary.rounds]
    if len(set(kept)) == 1:
        return None
    rounds = [one.round for one in summary.rounds]

    def paint(axes: "Axes") -> None:
        axes.step(rounds, kept, where="mid", color=BLUE, linewidth=2)
        if max(kept) > _LOG_FROM * min(kept) > 0:
            axes.set_yscale("log")
            log_ticks(axes.yaxis, number)
        else:
            axes.set_ylim(0, max(kept) * 1.1)
            axes.yaxis.set_major_formatter(lambda value, _: number(value))
        axes.set(xlabel="round", ylabel="kept weights")
        whole_rounds(axes, rounds)

    whose = "the first client's mask" if summary.masks.distinct > 1 else "the mask"
    caption = (
        f"Prunable weights that {whose} keeps after each round: {number(kept[0])} after the first, "
        f"{number(kept[-1])} after the last, of {number(summary.parameters.prunable_total)}."
    )
    alt = f"Steps: from {number(kept[0])} to {number(kept[-1])} kept weights."
    return Picture(draw("kept", alt, (FULL, 2.4), paint), "Kept weights over the rounds", caption)

"""How much each layer keeps."""

from typing import TYPE_CHECKING

from pages.colours import BLUE, INK, PALE
from pages.picture import FULL, Picture, draw
from pages.text import counted, layer, number, percent
from trainer.summary.document import LayerSummary, RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sparsity_picture(summary: RunSummary) -> Picture:
    """The share of weights that each layer keeps."""
    layers = summary.layers

    def paint(axes: "Axes") -> None:
        places = range(len(layers))
        axes.barh(places, [100] * len(layers), color=PALE, height=0.6)
        axes.barh(places, [100 * one.kept / one.total for one in layers], color=BLUE, height=0.6)
        for place, one in zip(places, layers, strict=True):
            axes.annotate(_label(one), (100, place), xytext=(8, 0), textcoords="offset points", va="center", color=INK)
        axes.set_xlim(0, 125)
        axes.set_xticks(range(0, 101, 20))
        axes.set_yticks(list(places), [layer(one.name) for one in layers])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel("kept weights in % of the layer")

    rounded = sum(one.rounded_to_zero for one in layers)
    rows = "; ".join(f"{layer(one.name)} keeps {_label(one)}" for one in layers)
    caption = (
        f"Share of its weights that each layer keeps{_whose(summary)} "
        f"{counted(rounded, 'kept weight')} {'is' if rounded == 1 else 'are'} zero in the int8 model."
    )
    svg = draw("sparsity", f"Bars: {rows}.", (FULL, 0.8 + 0.36 * len(layers)), paint)
    return Picture(svg, "Sparsity by layer", caption)


def _whose(summary: RunSummary) -> str:
    """The end of the sentence: under whose mask, and when."""
    client = " under the first client's mask" if summary.masks.distinct > 1 else ""
    if summary.pruner is None and summary.sparsity == 0:
        return ": all of them, for this method is dense."
    if not summary.masks.fixed:
        return f"{client} at the end; this method changes masks while it trains."
    return f"{client}. Masks are chosen before training and never change."


def _label(one: LayerSummary) -> str:
    return f"{number(one.kept)} of {number(one.total)} ({percent(one.kept / one.total)})"

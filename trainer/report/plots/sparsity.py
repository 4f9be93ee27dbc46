"""How much each layer keeps."""

from typing import TYPE_CHECKING

from trainer.report.plots.picture import BLUE, INK, PALE, Picture, draw
from trainer.report.text import layer, number, percent
from trainer.summary.document import LayerSummary, RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sparsity_picture(summary: RunSummary) -> Picture:
    """Kept weights of each layer, on a logarithmic scale, over all it could have."""
    layers = summary.layers

    def paint(axes: "Axes") -> None:
        places = range(len(layers))
        axes.barh(places, [one.total for one in layers], color=PALE, height=0.66, label="all weights")
        axes.barh(places, [max(one.kept, 1) for one in layers], color=BLUE, height=0.66, label="kept weights")
        for place, one in zip(places, layers, strict=True):
            axes.annotate(
                _label(one), (one.total, place), xytext=(6, 0), textcoords="offset points", va="center", color=INK
            )
        axes.set_xscale("log")
        axes.set_xlim(1, max(one.total for one in layers) * 30)
        axes.set_yticks(list(places), [layer(one.name) for one in layers])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("weights, logarithmic scale")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, 1.16), ncols=2)

    rounded = sum(one.rounded_to_zero for one in layers)
    rows = "; ".join(f"{layer(one.name)} keeps {_label(one)}" for one in layers)
    caption = (
        "Weights that the mask keeps, before any training and for good, of all that the layer could have. "
        f"{number(rounded)} kept weights are so small that they round to zero in the int8 model."
    )
    svg = draw("sparsity", f"Bars: {rows}.", 1.1 + 0.42 * len(layers), paint)
    return Picture(svg, "Kept weights by layer", caption)


def _label(one: LayerSummary) -> str:
    return f"{number(one.kept)} of {number(one.total)} ({percent(one.kept / one.total)})"

"""What int8 costs each layer."""

from typing import TYPE_CHECKING

from pages.colours import BLUE, INK, ORANGE, RULE
from pages.picture import FULL, Picture, draw
from pages.text import layer, size
from trainer.quantisation.error import SAMPLES
from trainer.summary.document import LayerSummary, RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HOW = {
    "ptq": "Quantised after training",
    "qat": "Trained with quantisation in the loop at the end",
}


def quantisation_picture(summary: RunSummary) -> Picture | None:
    """Signal-to-quantisation-noise ratios of weights and outputs by layer; None where none is known."""
    layers = summary.layers
    outputs = {layer(one.name): one.output_sqnr_db for one in layers if one.output_sqnr_db is not None}
    weights = {layer(one.name): one.weight_sqnr_db for one in layers if one.weight_sqnr_db is not None}
    if not outputs and not weights:
        return None

    def paint(axes: "Axes") -> None:
        places = {layer(one.name): place for place, one in enumerate(layers)}
        series = (("weights", weights, BLUE, "o"), ("output", outputs, ORANGE, "D"))
        for place in places.values():
            axes.axhline(place, color=RULE, linewidth=0.8)
        for label, values, colour, marker in series:
            rows = [places[name] for name in values]
            axes.plot(list(values.values()), rows, marker, color=colour, markersize=7, label=label)
        axes.set_yticks(list(places.values()), list(places), color=INK)
        axes.set_ylim(len(places) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("signal-to-quantisation-noise ratio in dB")
        axes.legend(loc="lower left", ncols=2, bbox_to_anchor=(0, 1), borderaxespad=0)

    alt = "; ".join(_label(one) for one in layers)
    svg = draw("quantisation", f"Dots: {alt}.", (FULL, 1.1 + 0.34 * len(layers)), paint)
    return Picture(svg, "Quantisation error by layer", _caption(summary, outputs))


def _caption(summary: RunSummary, outputs: dict[str, float]) -> str:
    text = (
        "How far the signal stands above what rounding to int8 changes; 6 dB are a bit. Outputs carry the errors of "
        f"all layers before, measured on up to {SAMPLES} training samples."
    )
    if (how := summary.config.get("quantisation")) in _HOW:
        moved = summary.traffic.quantisation_bytes
        text += f" {_HOW[how]}{f', in rounds for which all clients moved {size(moved)} more' if moved else ''}."
    if not outputs:
        return text
    worst = min(outputs, key=lambda name: outputs[name])
    return f"{text} Lowest output: {outputs[worst]:.1f} dB in {worst}."


def _label(one: LayerSummary) -> str:
    return f"{layer(one.name)} weights {_decibels(one.weight_sqnr_db)}, output {_decibels(one.output_sqnr_db)}"


def _decibels(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} dB"

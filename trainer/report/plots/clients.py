"""How the final model serves each client."""

from typing import TYPE_CHECKING

import numpy as np

from pages.colours import BLUE, GREEN, MUTED, ORANGE
from pages.picture import FULL, Picture, draw
from pages.text import counted, percent
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CLIENTS_WITH_TICKS = 40


def clients_picture(summary: RunSummary) -> Picture:
    """Accuracy of every client on its own distribution, the worst first."""
    clients, own = summary.clients, summary.masks.distinct > 1
    order = np.argsort(clients.local, kind="stable")
    local, overall = 100 * np.array(clients.local)[order], 100 * np.array(clients.overall)[order]
    places = np.arange(len(order))
    mean, worst = percent(clients.local_mean), f"{percent(clients.local_worst)} (client {order[0]})"

    def paint(axes: "Axes") -> None:
        size = 7.0 if len(order) <= _MOST_CLIENTS_WITH_TICKS else 4.0
        axes.plot(places, local, "o", color=BLUE, markersize=size, label="client, samples like its own")
        axes.plot(places[:1], local[:1], "o", color=ORANGE, markersize=size + 2, label=f"worst {worst}")
        axes.axhline(100 * clients.local_mean, color=BLUE, linestyle="--", linewidth=1.4, label=f"mean {mean}")
        if own:
            axes.plot(places, overall, "D", color=GREEN, markersize=size - 2, label="client, whole test set")
        shown = f"{'its mean' if own else 'whole test set'} {percent(clients.overall_mean)}"
        axes.axhline(100 * clients.overall_mean, color=GREEN, linestyle=":", linewidth=1.8, label=shown)
        _frame(axes, [int(client) for client in order], np.concatenate([local, overall]))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, borderaxespad=0, labelcolor=MUTED, fontsize=9)

    models = "its own model" if own else "the final model"
    alt = f"Dots: {counted(len(order), 'client')}, mean {mean}, worst {worst}."
    caption = (
        f"Accuracy of {models} for each client, the worst first: on test samples with the labels or the source of the "
        f"client's own training samples, and on the whole test set. Over the clients, {mean} on average, {worst} at "
        f"worst, spread (standard deviation) {100 * clients.local_spread:.1f} points."
    )
    return Picture(draw("clients", alt, (FULL, 3.1), paint), "Accuracy of each client", caption)


def _frame(axes: "Axes", order: list[int], values: np.ndarray) -> None:
    margin = max(2.0, 0.08 * float(values.max() - values.min()))
    axes.set_ylim(max(float(values.min()) - margin, -2), min(float(values.max()) + margin, 102))
    axes.set_xlim(-0.7, len(order) - 0.3)
    axes.grid(axis="x", visible=False)
    if len(order) <= _MOST_CLIENTS_WITH_TICKS:
        axes.set_xticks(range(len(order)), [str(client) for client in order])
        axes.set_xlabel("client")
    else:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(order)} clients, sorted")
    axes.set_ylabel("accuracy in %")

"""Bytes that a client moves in a round."""

from typing import TYPE_CHECKING

from pages.colours import BLUE, INK, MUTED
from pages.picture import HALF, Picture, draw
from pages.text import size, times
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def traffic_picture(summary: RunSummary) -> Picture:
    """This run against dense FedAvg of the same model."""
    traffic = summary.traffic
    rows = [
        ("up, dense FedAvg", traffic.dense_bytes_up_per_client, MUTED),
        ("up, this run", traffic.bytes_up_per_client, BLUE),
        ("down, dense FedAvg", traffic.dense_bytes_down_per_client, MUTED),
        ("down, this run", traffic.bytes_down_per_client, BLUE),
    ]

    def paint(axes: "Axes") -> None:
        places = [0.0, 0.8, 2.0, 2.8]
        axes.barh(places, [count for _, count, _ in rows], color=[colour for _, _, colour in rows], height=0.66)
        for place, (_, count, _) in zip(places, rows, strict=True):
            axes.annotate(
                size(count), (count, place), xytext=(6, 0), textcoords="offset points", va="center", color=INK
            )
        axes.set_xlim(0, max(count for _, count, _ in rows) * 1.25)
        axes.set_xticks([])
        axes.set_yticks(places, [name for name, _, _ in rows])
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)

    saves = traffic.total_bytes < traffic.dense_total_bytes
    less = f": {times(traffic.dense_total_bytes, traffic.total_bytes)} less" if saves else ""
    alt = "Bars: " + "; ".join(f"{name} {size(count)}" for name, count, _ in rows) + "."
    caption = (
        "Bytes on the line for one client and round, frame headers, CRC and escapes included, against all weights in "
        f"the same frames. Over the whole run, all clients move {size(traffic.total_bytes)} instead of "
        f"{size(traffic.dense_total_bytes)}{less}."
    )
    return Picture(draw("traffic", alt, (HALF, 2.3), paint), "Traffic", caption)

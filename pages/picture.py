"""What all pictures share: type, and the way from a figure to SVG inside a page."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from pages.colours import INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

HALF, FULL = 5.2, 10.6
"""Widths in inches that keep type the same size on the page."""

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fedpai",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Picture:
    """A picture ready for the page.

    Attributes:
        svg: markup; safe to insert.
        title: heading above it.
        caption: what it shows, in a sentence or two below it.
    """

    svg: Markup
    title: str
    caption: str


def draw(name: str, alt: str, inches: tuple[float, float], paint: Callable[["Axes"], None]) -> Markup:
    """Paint one pair of axes and return inline SVG.

    Args:
        name: prefix of the identifiers in the markup; unique on the page.
        alt: what the picture says, for those who cannot see it.
        inches: width, :data:`HALF` or :data:`FULL`, and height.
        paint: draws.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=inches, layout="constrained")
        paint(figure.add_subplot())
        return _inline(figure, name, alt)


def log_ticks(axis: "Axis", write: Callable[[float], str]) -> None:
    """Logarithmic ticks in plain writing, at powers of ten and, over a short range, between them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axis.set_minor_formatter(NullFormatter())


def _inline(figure: "Figure", name: str, alt: str) -> Markup:
    """Markup without prolog, metadata and namespaces, which HTML does not need, and with identifiers of its own."""
    buffer = io.StringIO()
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    view = re.search(r'viewBox="[^"]*"', text)
    body = text[text.index(">") + 1 :]
    opening = f'<svg {view.group(0) if view else ""} role="img" aria-label="{escape(alt)}">'
    return Markup(opening + body)  # matplotlib escapes every text it writes

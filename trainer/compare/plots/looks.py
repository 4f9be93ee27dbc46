"""Which line is whose: the same colour and dashes in every picture and in the table."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pages.colours import BLUE, GREEN, INK, MUTED, ORANGE
from trainer.compare.comparison import Comparison, Row

_COLOURS = (BLUE, ORANGE, GREEN, "#8b4fa3", "#a07800", "#c2497f", "#3f8fc9", "#6b4a32")
_DASHES = ((), (5, 2), (1.5, 1.5))
_MOST_LINES = len(_COLOURS) * len(_DASHES)
"""Told apart one by one; of more, only methods are."""


@dataclass(frozen=True)
class Look:
    """A line's look.

    Attributes:
        colour: as HTML has it.
        dashes: lengths of ink and gap in line widths; none for a solid line.
        width: in points.
        alpha: 0 to 1; the sparsest of a family is opaque.
    """

    colour: str
    dashes: tuple[float, ...]
    width: float
    alpha: float = 1.0

    @property
    def line(self) -> dict[str, Any]:
        """What Matplotlib wants to know."""
        style: Any = (0, self.dashes) if self.dashes else "solid"
        return {"color": self.colour, "linewidth": self.width, "alpha": self.alpha, "linestyle": style}

    @property
    def swatch(self) -> Markup:
        """A piece of the line, for the table."""
        dashes = " ".join(f"{2 * part:g}" for part in self.dashes)
        dashed = Markup(' stroke-dasharray="{}"').format(dashes) if dashes else Markup("")
        stroke = Markup('stroke="{}" stroke-width="{:g}" stroke-opacity="{:.2g}"').format(
            self.colour, self.width + 1, self.alpha
        )
        line = Markup('<line x1="0" y1="5" x2="30" y2="5" {}{}/>').format(stroke, dashed)
        opening = Markup('<svg class="swatch" width="30" height="10" viewBox="0 0 30 10" aria-hidden="true">')
        return opening + line + Markup("</svg>")


def looks(comparison: Comparison) -> tuple[Look, ...]:
    """For each row its look: a colour for a family, paler the less sparse; the baseline is dark."""
    others = [row for row in comparison.rows if row.label != comparison.baseline]
    families = list(dict.fromkeys(row.family for row in others))
    few = len(families) <= _MOST_LINES
    keys = families if few else list(dict.fromkeys(row.method for row in others))
    width = 2.0 if len(others) <= len(_COLOURS) else 1.4
    return tuple(
        _look(keys.index(row.family if few else row.method), width, _alpha(row, others) if few else 1.0)
        if row.label != comparison.baseline
        else _BASE
        for row in comparison.rows
    )


_BASE = Look(INK, (), 2.4)


def _alpha(row: Row, others: list[Row]) -> float:
    values = sorted({other.sparsity for other in others if other.family == row.family})
    return 1.0 - 0.65 * (len(values) - 1 - values.index(row.sparsity)) / max(len(values) - 1, 1)


def _look(place: int, width: float, alpha: float) -> Look:
    colour, dashes = _COLOURS[place % len(_COLOURS)], _DASHES[place // len(_COLOURS) % len(_DASHES)]
    return Look(colour, dashes, width, alpha)


TARGET: dict[str, Any] = {"color": MUTED, "linewidth": 1.2, "linestyle": (0, (1, 2))}
"""The line of the accuracy to reach."""

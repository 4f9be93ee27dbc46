"""Pictures made of boxes, lines and words, as SVG: what needs no plotting library, and so costs a build nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from pages.colours import INK

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SIZE = 12.0
_WIDTH_PER_SIZE = 0.58
_MARGIN = 12
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Box:
    """A filled rectangle; ``title`` shows when the pointer rests on it, ``edge`` is the colour of its outline."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    title: str = ""
    edge: str | None = None


@dataclass(frozen=True)
class Line:
    """A straight line; ``dash`` as SVG's ``stroke-dasharray``."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str
    dash: str = ""


@dataclass(frozen=True)
class Words:
    """One line of text; ``y`` is its baseline, ``anchor`` start, middle or end, ``turn`` degrees clockwise."""

    x: float
    y: float
    text: str
    fill: str = INK
    size: float = SIZE
    anchor: str = "start"
    bold: bool = False
    turn: float = 0.0


Shape = Box | Line | Words


@dataclass(frozen=True)
class Drawing:
    """Shapes in paint order, in units of which a page is about a thousand wide; ``alt`` says what they show."""

    width: float
    height: float
    alt: str
    shapes: tuple[Shape, ...]


def text_width(text: str, size: float = SIZE) -> float:
    """About how wide a text is."""
    return len(text) * size * _WIDTH_PER_SIZE


def fitted(text: str, width: float, size: float = SIZE) -> str:
    """As much of a text as fits, with an ellipsis in front of its end; empty where hardly anything does."""
    if text_width(text, size) <= width:
        return text
    room = int(width / (size * _WIDTH_PER_SIZE)) - 1
    return _ELLIPSIS + text[-room:] if room >= 3 else ""


def first_fitting(texts: Iterable[str], width: float, size: float = SIZE) -> str:
    """The first of several texts that fits; empty where none does."""
    return next((text for text in texts if text_width(text, size) <= width), "")


def inline_svg(drawing: Drawing) -> Markup:
    """The picture as an element of an HTML page."""
    opening = Markup('<svg viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">')
    return opening.format(drawing.width, drawing.height, drawing.alt) + _body(drawing) + Markup("</svg>")


def svg_file(drawing: Drawing) -> str:
    """The picture as a file of its own, on white, with a margin."""
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="{4} {4} {0:g} {1:g}" width="{0:g}" height="{1:g}" '
        'font-family="{2}">\n<title>{3}</title>\n<rect x="{4}" y="{4}" width="100%" height="100%" fill="#ffffff"/>\n'
    )
    width, height = drawing.width + 2 * _MARGIN, drawing.height + 2 * _MARGIN
    return opening.format(width, height, FONT, drawing.alt, -_MARGIN) + _body(drawing) + Markup("</svg>\n")


def _body(drawing: Drawing) -> Markup:
    return Markup("\n").join([*(_shape(shape) for shape in drawing.shapes), Markup("")])


def _shape(shape: Shape) -> Markup:
    if isinstance(shape, Box):
        return _box(shape)
    if isinstance(shape, Line):
        dash = Markup(' stroke-dasharray="{}"').format(shape.dash) if shape.dash else Markup("")
        line = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"{}/>')
        return line.format(shape.x1, shape.y1, shape.x2, shape.y2, shape.stroke, dash)
    return _words(shape)


def _box(box: Box) -> Markup:
    edge = Markup(' stroke="{}"').format(box.edge) if box.edge else Markup("")
    place = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"{}').format(
        box.x, box.y, max(box.width, 0.0), max(box.height, 0.0), box.fill, edge
    )
    return place + (Markup("><title>{}</title></rect>").format(box.title) if box.title else Markup("/>"))


def _words(words: Words) -> Markup:
    turn = Markup(' transform="rotate({:g} {:.1f} {:.1f})"').format(words.turn, words.x, words.y)
    return Markup('<text x="{:.1f}" y="{:.1f}" font-size="{:g}" fill="{}" text-anchor="{}"{}{}>{}</text>').format(
        words.x,
        words.y,
        words.size,
        words.fill,
        words.anchor,
        Markup(' font-weight="600"') if words.bold else Markup(""),
        turn if words.turn else Markup(""),
        words.text,
    )

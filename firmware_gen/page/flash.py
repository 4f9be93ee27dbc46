"""What the firmware takes of the board's flash."""

from firmware_gen.report import FirmwareReport
from pages.colours import BLUE, GREEN, INK, MUTED, ORANGE, PALE
from pages.drawing import Box, Drawing, Shape, Words, fitted, text_width
from pages.text import percent, size

_WIDTH = 1000.0
_PARTS = (("weights", "weights", BLUE), ("requant", "requantisation", GREEN), ("code", "code and the rest", ORANGE))


def flash_drawing(report: FirmwareReport) -> Drawing:
    """A bar of what is used, a thin one of it against all that there is, and a legend."""
    used = report.flash_bytes
    total = max(used["total"], 1)
    share = min(total / report.flash_capacity, 1.0)
    shapes: list[Shape] = []
    x = legend = 0.0
    for key, name, colour in _PARTS:
        width = _WIDTH * used[key] / total
        shapes.append(Box(x, 0, width, 30, colour, f"{name}: {used[key]:,} bytes", edge="#ffffff"))
        if label := fitted(f"{percent(used[key] / total, 0)}", width - 8):
            shapes.append(Words(x + width / 2, 19, label, "#ffffff", anchor="middle", bold=True))
        text = f"{name} {size(used[key])}"
        shapes += [Box(legend, 57, 10, 10, colour), Words(legend + 15, 66, text, MUTED)]
        x, legend = x + width, legend + 15 + text_width(text) + 18
    shapes += [Box(0, 34, _WIDTH, 8, PALE), Box(0, 34, _WIDTH * share, 8, INK)]
    told = f"{size(total)} of {size(report.flash_capacity)} used ({percent(total / report.flash_capacity)})"
    shapes.append(Words(_WIDTH, 66, told, MUTED, anchor="end"))
    return Drawing(_WIDTH, 76, f"Flash: {told}", tuple(shapes))

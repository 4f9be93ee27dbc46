"""Bars of every layer: flash, multiply-accumulates done and saved, instructions."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_gen.report import LayerReport, ModelReport
from pages.colours import BLUE, GREEN, MUTED, ORANGE, PALE
from pages.drawing import Box, Drawing, Shape, Words, fitted
from pages.text import number, size

_WIDTH = 1000.0
_NAMES, _GAP, _VALUE = 250.0, 24.0, 62.0
_ROW, _HEAD, _BAR = 22.0, 44.0, 13.0


@dataclass(frozen=True)
class _Column:
    """A group of bars: what the dark and the pale part are, and how a value is written."""

    title: str
    colour: str
    dark: Callable[[LayerReport], int]
    pale: Callable[[LayerReport], int]
    write: Callable[[float], str]


def layers_drawing(report: ModelReport) -> Drawing:
    """One row a layer; the longest bar of a column fills it."""
    measured = any(layer.instructions is not None for layer in report.layers)
    columns = (*_COLUMNS, _INSTRUCTIONS) if measured else _COLUMNS
    width = (_WIDTH - _NAMES) / len(columns)
    shapes: list[Shape] = []
    for row, layer in enumerate(report.layers):
        shapes += _name(layer, row)
    for place, column in enumerate(columns):
        shapes += _column(report.layers, column, _NAMES + place * width, width - _GAP)
    totals = f"{size(report.weight_bytes + report.requant_bytes)} in flash"
    alt = f"Bars of {len(report.layers)} layers: {', '.join(column.title for column in columns)}; {totals}"
    return Drawing(_WIDTH, _HEAD + _ROW * len(report.layers) + 4, alt, tuple(shapes))


def flash_of(layer: LayerReport) -> int:
    """Bytes of a layer's weights and requantisation data."""
    return 0 if layer.weights is None else layer.weights.bytes + layer.weights.requant_bytes


def macs_text(count: float) -> str:
    """A count of multiply-accumulates or instructions, short."""
    if count < 10_000:
        return number(count)
    return f"{count / 1e6:,.2f} M" if count >= 1e6 else f"{count / 1e3:,.1f} k"


_COLUMNS = (
    _Column("bytes in flash", BLUE, flash_of, lambda _: 0, size),
    _Column("multiply-accumulates", GREEN, lambda one: one.macs_kept, lambda one: one.macs_saved, macs_text),
)
_INSTRUCTIONS = _Column("instructions", ORANGE, lambda one: one.instructions or 0, lambda _: 0, macs_text)


def _y(row: int) -> float:
    return _HEAD + row * _ROW


def _name(layer: LayerReport, row: int) -> list[Shape]:
    shape = "x".join(str(size) for size in layer.shape[1:])
    text = f"{row}  {layer.op}"
    return [
        Box(0, _y(row) + _ROW - 1, _WIDTH, 1, PALE),
        Words(0, _y(row) + 14, fitted(text, 170)),
        Words(_NAMES - _GAP, _y(row) + 14, fitted(shape, 80), MUTED, anchor="end"),
    ]


def _column(layers: tuple[LayerReport, ...], column: _Column, left: float, width: float) -> list[Shape]:
    most = max((column.dark(one) + column.pale(one) for one in layers), default=0) or 1
    total = sum(column.dark(one) for one in layers)
    shapes: list[Shape] = [
        Words(left, 14, column.title, bold=True),
        Words(left, 30, f"together {column.write(total)}", MUTED, 11),
    ]
    for row, layer in enumerate(layers):
        dark, pale = column.dark(layer), column.pale(layer)
        if dark + pale:
            title = f"{layer.op} {layer.name}: {dark:,}" + (f", saved {pale:,}" if pale else "")
            shapes += _bar((left, _y(row)), (width - _VALUE) / most, (dark, pale), column, title)
    return shapes


def _bar(place: tuple[float, float], scale: float, values: tuple[int, int], column: _Column, title: str) -> list[Shape]:
    (left, top), (dark, pale) = place, values
    return [
        Box(left, top + 4, max(dark * scale, 1.0), _BAR, column.colour, title),
        Box(left + dark * scale, top + 4, pale * scale, _BAR, "#bcd9cf", title),
        Words(left + (dark + pale) * scale + 6, top + 14, column.write(dark), MUTED, 11),
    ]

"""Puts the pictures and tables of a report into the page's template."""

from firmware_gen.emit.environment import TEMPLATE_FOLDER
from firmware_gen.page.cards import cards
from firmware_gen.page.flash import flash_drawing
from firmware_gen.page.layers import flash_of, layers_drawing
from firmware_gen.page.ram_map import ram_map_drawing
from firmware_gen.report import FirmwareReport
from pages.drawing import Drawing, inline_svg
from pages.environment import page_environment
from pages.picture import Picture


def render_page(report: FirmwareReport) -> str:
    """The page as HTML; the same report gives the same page."""
    weighted = [(number, one, one.weights) for number, one in enumerate(report.layers) if one.weights]
    encodings = list(dict.fromkeys(name for _, _, weights in weighted for name in weights.candidate_bytes))
    return (
        page_environment(TEMPLATE_FOLDER / "page")
        .get_template("firmware.html.j2")
        .render(
            report=report,
            cards=cards(report),
            layers=[_picture(layers_drawing(report), "What each layer takes", _layers(report))],
            memory=[
                _picture(flash_drawing(report), "Flash", _FLASH),
                _picture(ram_map_drawing(report), "RAM", _RAM),
            ],
            encodings=encodings,
            weighted=weighted,
            flash_of=flash_of,
        )
    )


def _picture(drawing: Drawing, title: str, caption: str) -> Picture:
    return Picture(inline_svg(drawing), title, caption)


def _layers(report: FirmwareReport) -> str:
    told = "Pale: multiply-accumulates that zeros save."
    if any(one.instructions is not None for one in report.layers):
        return f"{told} The emulator counts instructions; conversions between layouts count for the layer they serve."
    return f"{told} Instructions are not measured yet: device_sim verify --profile --out FOLDER counts them."


_FLASH = "Weights as encoded; requantisation is biases, multipliers and shifts; the rest is code and constants."
_RAM = (
    "Above, the board's memories by address. Below, the arena: every tensor has its place from the call that writes it "
    "to the last that reads it; scratch lives for one call. Rest the pointer on a box for its figures."
)

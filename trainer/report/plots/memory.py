"""What the firmware takes of the board's flash and RAM."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages.colours import BLUE, GREEN, INK, MUTED, ORANGE, PALE
from pages.picture import FULL, Picture, draw
from pages.text import percent, size
from trainer.summary.document import FirmwareSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Part:
    """A piece of a memory: what it is for, its bytes and its colour."""

    name: str
    bytes: int
    colour: str


def flash_picture(firmware: FirmwareSummary) -> Picture:
    """The flash map."""
    used = firmware.flash_bytes
    parts = [
        Part("weights", used["weights"], BLUE),
        Part("requantisation", used["requant"], GREEN),
        Part("code and the rest", used["code"], ORANGE),
    ]
    per_kept = used["weights"] / firmware.weights_kept if firmware.weights_kept else 0.0
    caption = (
        f"Flash of {firmware.board}. Compressed weights take {per_kept:.2f} bytes for each weight that is not zero, "
        "positions included; requantisation is biases, multipliers and shifts."
    )
    return memory_picture("flash", "Flash map", parts, firmware.flash_capacity, caption)


def ram_picture(firmware: FirmwareSummary) -> Picture:
    """The RAM map."""
    used = firmware.ram_bytes
    parts = [
        Part("arena", used["arena"], BLUE),
        Part("stack, reserved", used["stack"], GREEN),
        Part("buffers and the rest", used["total"] - used["arena"] - used["stack"], ORANGE),
    ]
    caption = (
        f"RAM of {firmware.board}. The arena holds activations and scratch; no placement of them could take less "
        f"than {size(firmware.arena_lower_bound)}."
    )
    return memory_picture("ram", "RAM map", parts, firmware.ram_capacity, caption)


def memory_picture(name: str, title: str, parts: list[Part], capacity: int, caption: str) -> Picture:
    """A map of one memory: its parts, and how much of it they take.

    Args:
        name: of the picture in the page.
        title: above it.
        parts: in their order.
        capacity: bytes of the memory.
        caption: below it.
    """
    total = sum(part.bytes for part in parts)
    rows = ", ".join(f"{part.name} {size(part.bytes)}" for part in parts)
    alt = f"Bar: {rows}; together {size(total)} of {size(capacity)}."

    def paint(axes: "Axes") -> None:
        _paint_used(axes, parts, total)
        _paint_capacity(axes, total, capacity)
        axes.set_xlim(0, 1)
        axes.set_ylim(-1.25, 0.75)
        axes.axis("off")
        axes.legend(loc="upper left", bbox_to_anchor=(0, 1.3), ncols=3, borderaxespad=0, handlelength=1)

    return Picture(draw(name, alt, (FULL, 1.7), paint), title, caption)


def _paint_used(axes: "Axes", parts: list[Part], total: int) -> None:
    """What is used, over the full width."""
    left = 0.0
    for part in parts:
        width = part.bytes / max(total, 1)
        label = f"{part.name}  {size(part.bytes)}"
        axes.barh(0, width, left=left, height=0.8, color=part.colour, edgecolor="white", linewidth=2, label=label)
        if width > 0.09:
            axes.text(left + width / 2, 0, percent(width, 0), ha="center", va="center", color="white", weight="bold")
        left += width


def _paint_capacity(axes: "Axes", total: int, capacity: int) -> None:
    """The same against all that the board has."""
    share = min(total / capacity, 1.0)
    axes.barh(-0.85, 1, height=0.22, color=PALE)
    axes.barh(-0.85, share, height=0.22, color=INK)
    text = f"{size(total)} of {size(capacity)} used ({percent(total / capacity)})"
    axes.text(0, -1.16, text, ha="left", va="center", color=MUTED)

"""The figures at the top of a firmware's page."""

from firmware_gen.report import FirmwareReport
from pages.cards import Card
from pages.text import number, percent, size


def cards(report: FirmwareReport) -> tuple[Card, ...]:
    """What a reader wants to know first."""
    return (_flash(report), _ram(report), *_weights(report), _arena(report), *_stack(report), *_instructions(report))


def _flash(report: FirmwareReport) -> Card:
    share = percent(report.flash_bytes["total"] / report.flash_capacity)
    return Card("Flash", size(report.flash_bytes["total"]), f"{share} of {size(report.flash_capacity)}")


def _ram(report: FirmwareReport) -> Card:
    share = percent(report.ram_bytes["total"] / report.ram_capacity)
    return Card("RAM", size(report.ram_bytes["total"]), f"{share} of {size(report.ram_capacity)}, stack included")


def _weights(report: FirmwareReport) -> list[Card]:
    if not report.weights_kept:
        return []
    dense, kept = (sum(getattr(one, key) for one in report.layers) for key in ("macs_dense", "macs_kept"))
    share = f"{percent(report.weights_kept / report.weights_total)} of {number(report.weights_total)}"
    bytes_each = f"{report.weight_bytes / report.weights_kept:.2f}"
    saved = f"{percent((dense - kept) / dense)} of {number(dense)} saved" if dense else ""
    return [
        Card("Kept weights", number(report.weights_kept), share),
        Card("Bytes per kept weight", bytes_each, f"{size(report.weight_bytes)} of weights"),
        Card("Multiply-accumulates", number(kept), saved),
    ]


def _arena(report: FirmwareReport) -> Card:
    return Card("Arena", size(report.arena_bytes), f"no plan needs less than {size(report.arena_lower_bound)}")


def _stack(report: FirmwareReport) -> list[Card]:
    stack = report.stack
    if stack is None:
        return []
    if stack.worst_case_bytes is None:
        return [Card("Stack, worst case", "not known", stack.unknown or "")]
    seen = "" if stack.measured_bytes is None else f", {size(stack.measured_bytes)} measured"
    return [Card("Stack, worst case", size(stack.worst_case_bytes), f"{size(stack.reserved_bytes)} reserved{seen}")]


def _instructions(report: FirmwareReport) -> list[Card]:
    counts = [one.instructions for one in report.layers if one.instructions is not None]
    if not counts:
        return []
    return [Card("Instructions", number(sum(counts)), "per inference, layers added up, counted by the emulator")]

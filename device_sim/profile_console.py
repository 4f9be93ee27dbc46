"""What ``verify --profile`` prints for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_sim.report import LayerProfile, ProfileReport

_PIPE_WIDTH = 120


def _difference(profile: ProfileReport) -> str:
    """Where the first layer differs, or that none does."""
    first = profile.first_difference
    if first is not None:
        place = f"row {first.row}, column {first.column}, channel {first.channel}"
        return (
            f"layer {first.layer} ({first.op} '{first.name}'), sample {first.sample}, {place}: "
            f"expected {first.expected}, got {first.got}; {first.differing:,} of {first.elements:,} values differ"
        )
    samples = ", ".join(str(number) for number in profile.compared_samples)
    told = f"none on samples {samples}: every tensor on the board is the reference's"
    return told if profile.reference_agrees else f"{told}, which is not the oracle's: the generator's passes are wrong"


def print_profile(profile: ProfileReport) -> None:
    """A table of layers with their instructions, and the first that differs."""
    table = Table(title=f"by layer, median of {profile.samples} samples", title_justify="left")
    for heading in ("layer", "operator", "tensor"):
        table.add_column(heading)
    for heading in ("instructions", "share", "kept MACs", "per MAC"):
        table.add_column(heading, justify="right")
    for layer in profile.layers:
        table.add_row(*_layer_row(layer, profile.instructions))
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
    console.print(table)
    print(f"{'layers together':<17} {_count(profile.instructions)} instructions")
    print(f"{'differing layer':<17} {_difference(profile)}")


def _layer_row(layer: LayerProfile, total: int | None) -> tuple[str, ...]:
    count = layer.instructions
    share = "" if count is None or not total else f"{100 * count / total:.1f} %"
    each = "" if count is None or not layer.macs else f"{count / layer.macs:.2f}"
    macs = f"{layer.macs:,}" if layer.macs else ""
    return str(layer.layer), layer.op, escape(layer.name[-30:]), _count(count), share, macs, each


def _count(count: int | None) -> str:
    return "not counted" if count is None else f"{count:,}"

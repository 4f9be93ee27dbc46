"""A learner's report on the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware_gen.learner.pieces import SCRATCH
from firmware_gen.learner_report import LearnerReport


def print_learner(report: LearnerReport, out: Path) -> None:
    """What its memory is for, flash, RAM and files."""
    regions = Table(title=f"{report.learner}: {report.block_bytes:,} bytes of working memory", title_justify="left")
    regions.add_column("for")
    regions.add_column("bytes", justify="right")
    for name, size in sorted(report.regions.items(), key=lambda item: -item[1]):
        if size and name not in SCRATCH:
            regions.add_row(name, f"{size:,}")
    scratch = sum(report.regions[name] for name in SCRATCH)
    mask = f"computed by the board, in {scratch:,} bytes that lie over these" if report.seeded else "sent to the board"
    flash, ram = report.flash_bytes, report.ram_bytes
    console = Console(highlight=False)
    console.print(regions)
    for name, text in (
        ("mask", mask),
        ("samples", f"{report.samples:,} as {report.sample_format}"),
        ("values", f"{report.value_capacity:,}, as float32{_beside(report.encoding)}"),
        ("flash", f"{flash['total']:,} of {report.flash_capacity:,} bytes"),
        ("RAM", f"{ram['total']:,} of {report.ram_capacity:,} bytes: stack {ram['stack']:,}, other {ram['other']:,}"),
        *((f"  {one.name}", f"{one.used_bytes:,} of {one.bytes:,}") for one in report.ram if len(report.ram) > 1),
        ("files", ", ".join(str(out / name) for name in report.files)),
    ):
        console.print(f"{name:<8} {text}", soft_wrap=True, markup=False)


def _beside(encoding: str) -> str:
    return "" if encoding == "float32" else f" or {encoding}"

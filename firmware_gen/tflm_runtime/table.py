"""What ``python -m firmware_gen build --runtime tflm`` prints for people."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_gen.tflm_runtime.report import TflmFirmwareReport, TflmReport


def print_tflm(report: TflmReport, out: Path) -> None:
    """Model, operators, memory; flash and RAM where it was compiled."""
    arena = report.arena
    rows = [
        ("model", f"{report.model_bytes:,} bytes, {report.converted_bytes:,} as {report.weights}"),
        ("operators", ", ".join(report.operators)),
        (
            "arena",
            f"{arena.reserved:,} bytes: interpreter {arena.interpreter:,}, CMSIS-NN at most {arena.cmsis_nn:,}",
        ),
    ]
    for number, program in enumerate(report.programs):
        kept = f"{program.weights_kept:,} of {program.weights_total:,} weights kept in {program.weight_bytes:,} bytes"
        rows.append((f"program {number}", f"{len(program.layers)} layers, {kept}, arena {program.arena_bytes:,} bytes"))
    if isinstance(report, TflmFirmwareReport):
        rows += [
            ("board", f"{report.board} ({report.target}, {report.compiler}, kernels: {report.kernels})"),
            ("flash", _sizes(report.flash_bytes)),
            ("RAM", _sizes(report.ram_bytes)),
        ]
    rows.append(("project", str(out)))
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in rows:
        table.add_row(name, escape(value))
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=160)).print(table)


def _sizes(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size:,}" for name, size in sizes.items())

"""What ``python -m firmware_gen`` prints for people."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_gen.library.report import LibraryReport
from firmware_gen.problems import Problem
from firmware_gen.report import AnalyzeReport, FirmwareReport, LayerReport, ModelReport, WeightReport

_PIPE_WIDTH = 120


def _console() -> Console:
    """Standard output; wide enough for the tables where it is not a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)" if whole else f"{part:,}"


def _layer_row(layer: LayerReport) -> tuple[str, ...]:
    weights = layer.weights
    if weights is None:
        kept, encoding, size = "", "", ""
    else:
        others = "\n".join(_candidate(weights, name) for name in weights.candidate_bytes)
        kept, encoding, size = _share(weights.kept, weights.total), others, f"{weights.bytes:,}"
    macs = f"{layer.macs_kept:,}" if layer.macs_dense else ""
    return (
        layer.op,
        escape(layer.name[-24:]),
        _shape(layer.shape),
        kept,
        encoding,
        size,
        macs,
        f"{layer.output_bytes:,}",
    )


def _candidate(weights: WeightReport, name: str) -> str:
    """One encoding: an arrow at the chosen one, bytes, instructions."""
    mark = "> " if name == weights.encoding else ""
    return f"{mark}{name} {weights.candidate_bytes[name]:,} ({_thousands(weights.candidate_instructions.get(name, 0))})"


def _thousands(count: int) -> str:
    return f"{count / 1000:,.0f} k"


def _layers(report: ModelReport) -> Table:
    table = Table(title=f"{escape(report.model)}  {report.model_sha256[:12]}", title_justify="left")
    for heading in ("operator", "tensor", "output"):
        table.add_column(heading)
    for heading in ("kept weights", "bytes (instructions)", "in flash", "kept MACs", "RAM"):
        table.add_column(heading, justify="right", no_wrap=True)
    for layer in report.layers:
        table.add_row(*_layer_row(layer))
    return table


def _pairs(pairs: list[tuple[str, str]]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in pairs:
        table.add_row(name, escape(value))
    return table


def _ram_map(report: ModelReport) -> Table:
    """Regions and their blocks, then every buffer of the arena with its life in calls."""
    table = Table(title="RAM map", title_justify="left")
    for heading in ("where", "what", "name"):
        table.add_column(heading)
    for heading in ("from", "bytes", "calls"):
        table.add_column(heading, justify="right", no_wrap=True)
    if report.ram_map is None:
        return table
    for region in report.ram_map.regions:
        table.add_row(region.name, "region", "", f"0x{region.origin:08x}", f"{region.bytes:,}", "")
        for block in region.blocks:
            start = "" if block.address is None else f"0x{block.address:08x}"
            table.add_row(region.name, block.kind, escape(block.name), start, f"{block.bytes:,}", "")
    for one in sorted(report.ram_map.arena.buffers, key=lambda buffer: (buffer.first, buffer.offset)):
        life = f"{one.first} to {one.last}"
        table.add_row("arena", one.kind, escape(one.name[-24:]), f"+{one.offset:,}", f"{one.bytes:,}", life)
    return table


def _model_pairs(report: ModelReport) -> list[tuple[str, str]]:
    per_kept = report.weight_bytes / report.weights_kept if report.weights_kept else 0.0
    return [
        ("weights kept", _share(report.weights_kept, report.weights_total)),
        (
            "weight bytes",
            f"{report.weight_bytes:,} ({per_kept:.2f} a kept weight), requantisation {report.requant_bytes:,}",
        ),
        (
            "entropy",
            f"{report.weight_entropy_bytes:,.0f} bytes of gaps and weights, zero order; "
            f"{report.weight_bytes / max(report.weight_entropy_bytes, 1):.2f} times that are stored",
        ),
        (
            f"for {report.optimize}",
            f"about {report.instructions_estimate:,} instructions for the layers with weights (estimate, Cortex-M4)",
        ),
        ("arena", f"{report.arena_bytes:,} bytes (lower bound {report.arena_lower_bound:,})"),
    ]


def _sizes(sizes: dict[str, int], capacity: int) -> str:
    parts = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if name != "total")
    return f"{_share(sizes['total'], capacity)} of {capacity:,} bytes: {parts}"


def _stack_pairs(report: FirmwareReport) -> list[tuple[str, str]]:
    """The worst case beside what is reserved; nothing for programs of this machine."""
    stack = report.stack
    if stack is None:
        return []
    if stack.worst_case_bytes is None:
        return [("stack", f"{stack.reserved_bytes:,} bytes reserved; worst case not known: {stack.unknown}")]
    way = " > ".join(one.function for one in stack.path)
    parts = f"program {stack.program_bytes:,}, interrupts {stack.interrupt_bytes:,}; {way}"
    return [("stack", f"at most {stack.worst_case_bytes:,} of {stack.reserved_bytes:,} bytes reserved: {parts}")]


def print_analysis(report: AnalyzeReport) -> None:
    """Layers and memory plan; with a board, what is left of it."""
    pairs = _model_pairs(report)
    if report.fit is not None:
        fit = report.fit
        verdict = "fits" if min(fit.flash_spare, fit.ram_spare) >= 0 else "does not fit"
        pairs.append((fit.board, f"{verdict}: flash left for code {fit.flash_spare:,}, RAM left {fit.ram_spare:,}"))
        pairs += [("", reason) for reason in fit.problems]
    console = _console()
    console.print(_layers(report))
    console.print(_ram_map(report))
    console.print(_pairs(pairs))


def print_problems(model: str, problems: tuple[Problem, ...]) -> None:
    """All that keeps a model from being built."""
    table = Table(title=f"{escape(model)}: not supported", title_justify="left", show_lines=True)
    table.add_column("operator", justify="right")
    table.add_column("why, and what would help")
    for problem in problems:
        table.add_row("" if problem.operator is None else str(problem.operator), escape(problem.message))
    _console().print(table)


def print_firmware(report: FirmwareReport, out: Path) -> None:
    """Layers, flash, RAM and files of a firmware."""
    pairs = [
        *_model_pairs(report),
        ("board", f"{report.board} ({report.target}, {report.compiler})"),
        ("flash", _sizes(report.flash_bytes, report.flash_capacity)),
        ("RAM", _sizes(report.ram_bytes, report.ram_capacity)),
        *_stack_pairs(report),
        ("files", ", ".join(str(out / name) for name in report.files)),
    ]
    console = _console()
    console.print(_layers(report))
    console.print(_ram_map(report))
    console.print(_pairs(pairs))


def print_library(report: LibraryReport, out: Path) -> None:
    """Layers of each model, and what to call."""
    console = _console()
    for stem, model in report.models.items():
        console.print(_layers(model))
        calls = f"{stem}_init, {stem}_invoke, declared in {stem}.h"
        console.print(_pairs([*_model_pairs(model), ("functions", calls)]))
    console.print(f"{escape(str(out))}: {report.library}, {report.layout}")


def print_operators(operators: list[tuple[str, str]], model_limits: tuple[str, ...]) -> None:
    """Names and limits, then what holds for every model."""
    table = Table()
    table.add_column("operator")
    table.add_column("supported")
    for name, limits in operators:
        table.add_row(name, escape(limits))
    console = _console()
    console.print(table)
    for limit in model_limits:
        console.print(f"every model: {escape(limit)}")

"""From a model file to a firmware: parse, lower, render, compile, measure."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from firmware_gen.board_render import Target
from firmware_gen.boards import Board
from firmware_gen.elf_sizes import ElfSizes, read_sizes
from firmware_gen.emit import render_model
from firmware_gen.encodings import ENCODINGS
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.fit import check_fit, demand, explain_overflow
from firmware_gen.graph import Graph
from firmware_gen.parse import parse_bytes, read_model
from firmware_gen.passes import compile_graph
from firmware_gen.program import ConvCall, Plan, Program
from firmware_gen.project import PRODUCTS, write_project
from firmware_gen.report import FirmwareReport
from firmware_gen.report_build import model_report
from firmware_gen.selftest import selftest_crc32
from firmware_gen.toolchain import LinkOverflowError, compiler_version, find_compiler, run_cmake
from host_bridge.atomic import staged_directory
from host_bridge.errors import UserError

BUILD_FOLDER = "build"
REPORT_NAME = "report.json"
_SCRATCH = ".cmake"

__all__ = ["FirmwareReport", "build_firmware"]


@dataclass(frozen=True)
class CompiledModel:
    """A model after every pass, ready to be rendered."""

    graph: Graph
    program: Program
    plan: Plan
    optimize: Optimize
    selftest_crc32: int


def build_firmware(
    model: Path,
    board: Board,
    out: Path,
    *,
    target: Target = "board",
    sanitize: bool = False,
    optimize: Optimize = DEFAULT,
) -> FirmwareReport:
    """Build a model's firmware.

    Args:
        model: an int8 ``.tflite`` file.
        board: where it is to run.
        out: project folder; replaced whole when everything succeeded, untouched otherwise.
        target: ``board`` cross-compiles; ``native`` compiles the same sources for this machine.
        sanitize: with address and undefined-behaviour sanitizers (``native`` only).
        optimize: what encodings are chosen for.

    Raises:
        UserError: the model is not supported or does not fit, a tool is missing, ``out`` is not writable.
    """
    out = _check_out(out)
    find_compiler(target)
    compiled = _compile(model, board, target, optimize)
    sources = render_model(compiled.graph, compiled.program, compiled.plan, compiled.selftest_crc32)
    with staged_directory(out) as staging:
        write_project(
            staging, sources, compiled.graph.name, board,
            target=target, sanitize=sanitize, defines=_defines(compiled.program),
        )  # fmt: skip
        _build(staging, compiled, board, target)
        sizes = read_sizes(staging / BUILD_FOLDER / "firmware.elf", board if target == "board" else None)
        report = _report(compiled, board, target, sizes, out / BUILD_FOLDER / "firmware.elf")
        (staging / REPORT_NAME).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return report


def _check_out(out: Path) -> Path:
    """Only an empty folder or an earlier project may be replaced."""
    resolved = out.expanduser().resolve()
    try:
        strange = resolved.exists() and not (
            resolved.is_dir() and ((resolved / REPORT_NAME).is_file() or not any(resolved.iterdir()))
        )
    except OSError as error:
        raise UserError(f"cannot look into {out}: {error.strerror}; choose another --out folder") from error
    if strange:
        raise UserError(f"{out} exists and is not a generated project; choose another --out folder")
    return resolved


def _defines(program: Program) -> tuple[str, ...]:
    """Macros that leave out the decoders which no layer needs."""
    used = {call.weights.encoding.name for call in program.calls if isinstance(call, ConvCall)}
    return tuple(f"{one.define}=0" for one in ENCODINGS if one.define and one.name not in used)


def _compile(model: Path, board: Board, target: Target, optimize: Optimize) -> CompiledModel:
    content = read_model(model)
    graph = parse_bytes(content, model.name)
    program, plan = compile_graph(graph, optimize)
    if target == "board":
        check_fit(demand(program, plan), board)
    return CompiledModel(graph, program, plan, optimize, selftest_crc32(content, graph))


def _build(project: Path, compiled: CompiledModel, board: Board, target: Target) -> None:
    """Run CMake in a scratch folder and keep the products."""
    scratch, products = project / _SCRATCH, project / BUILD_FOLDER
    try:
        run_cmake(project, scratch, target)
    except LinkOverflowError as error:
        raise explain_overflow(error.overflows, demand(compiled.program, compiled.plan), board) from error
    products.mkdir()
    for name in PRODUCTS[target]:
        shutil.move(scratch / name, products / name)
    shutil.rmtree(scratch)


def _report(compiled: CompiledModel, board: Board, target: Target, sizes: ElfSizes, elf: Path) -> FirmwareReport:
    known = model_report(compiled.graph, compiled.program, compiled.plan, compiled.optimize)
    return FirmwareReport(
        **known.model_dump(),
        board=board.name,
        target=target,
        compiler=compiler_version(target),
        flash_bytes=sizes.flash,
        ram_bytes=sizes.ram,
        flash_capacity=board.flash[0].bytes,
        ram_capacity=board.ram[0].bytes,
        selftest_crc32=f"{compiled.selftest_crc32:08x}",
        files=tuple(f"{BUILD_FOLDER}/{name}" for name in PRODUCTS[target]),
        elf=elf,
    )

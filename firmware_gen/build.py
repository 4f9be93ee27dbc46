"""From a model file to a firmware: parse, lower, render, compile, measure."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from firmware_gen.authentication import check_random_numbers, hide_key
from firmware_gen.board_render import Target
from firmware_gen.boards import Board
from firmware_gen.compiled import CompiledModel, compile_file, unused_decoders
from firmware_gen.elf_sizes import ElfSizes, read_sizes
from firmware_gen.emit import render_model
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.fit import check_fit, demand, explain_overflow
from firmware_gen.out_folder import check_out
from firmware_gen.project import PRODUCTS, write_project
from firmware_gen.ram_map.regions import linked_regions
from firmware_gen.ram_map.report import RegionReport
from firmware_gen.report import FirmwareReport
from firmware_gen.report_build import model_report
from firmware_gen.report_files import write_report_files
from firmware_gen.stack.report import StackReport, stack_report
from firmware_gen.toolchain import LinkOverflowError, compiler_version, find_compiler, run_cmake
from host_bridge.atomic import staged_directory

BUILD_FOLDER = "build"
ELF = f"{BUILD_FOLDER}/firmware.elf"
SCRATCH = ".cmake"

__all__ = ["FirmwareReport", "build_firmware"]


def build_firmware(
    model: Path,
    board: Board,
    out: Path,
    *,
    target: Target = "board",
    sanitize: bool = False,
    optimize: Optimize = DEFAULT,
    profile: bool = False,
    key: bytes | None = None,
) -> FirmwareReport:
    """Build a model's firmware.

    Args:
        model: an int8 ``.tflite`` file.
        board: where it is to run.
        out: project folder; replaced whole when everything succeeded, untouched otherwise.
        target: ``board`` cross-compiles; ``native`` compiles the same sources for this machine.
        sanitize: with address and undefined-behaviour sanitizers (``native`` only).
        optimize: what encodings are chosen for.
        profile: for measurements: the firmware also runs single calls of the model and shows its arena.
        key: the board's: the firmware obeys only who has it.

    Raises:
        UserError: the model is not supported or does not fit, a tool is missing, ``out`` is not writable.
    """
    out = check_out(out)
    find_compiler(target)
    if key is not None:
        check_random_numbers(board, target)
    compiled = _compile(model, board, target, optimize)
    sources = render_model(compiled.graph, compiled.program, compiled.plan, compiled.selftest_crc32, profile=profile)
    defines = tuple(f"{name}=0" for name in unused_decoders(compiled.program))
    defines += ("FP_EXTENDED=1",) * (profile or key is not None)
    with staged_directory(out) as staging:
        write_project(
            staging, sources, compiled.graph.name, board,
            target=target, sanitize=sanitize, defines=defines, profile=profile, key=key,
        )  # fmt: skip
        stack = _build(staging, compiled, board, target)
        report = _report(compiled, board, target, _linked(staging, stack, board, target))
        report = report.model_copy(update={"elf": out / ELF})
        write_report_files(report, staging)
        hide_key(staging)
    return report


def _compile(model: Path, board: Board, target: Target, optimize: Optimize) -> CompiledModel:
    compiled = compile_file(model, optimize, board.core.cpu)
    if target == "board":
        check_fit(demand(compiled.program, compiled.plan), board)
    return compiled


def _build(project: Path, compiled: CompiledModel, board: Board, target: Target) -> StackReport | None:
    """Run CMake in a scratch folder and keep the products; on a board the stack must not outgrow its place."""
    scratch, products = project / SCRATCH, project / BUILD_FOLDER
    try:
        run_cmake(project, scratch, target)
    except LinkOverflowError as error:
        raise explain_overflow(error.overflows, demand(compiled.program, compiled.plan), board) from error
    stack = stack_report(scratch, scratch / "firmware.elf", board) if target == "board" else None
    products.mkdir()
    for name in PRODUCTS[target]:
        shutil.move(scratch / name, products / name)
    shutil.rmtree(scratch)
    return stack


@dataclass(frozen=True)
class _Built:
    """What is known once a firmware is linked."""

    sizes: ElfSizes
    stack: StackReport | None
    regions: tuple[RegionReport, ...]
    elf: Path


def _linked(project: Path, stack: StackReport | None, board: Board, target: Target) -> _Built:
    """Read the linked program."""
    elf = project / ELF
    on_board = target == "board"
    regions = linked_regions(elf, board) if on_board else ()
    return _Built(read_sizes(elf, board if on_board else None), stack, regions, elf)


def _report(compiled: CompiledModel, board: Board, target: Target, built: _Built) -> FirmwareReport:
    known = model_report(compiled.graph, compiled.program, compiled.plan, compiled.optimize, built.regions)
    return FirmwareReport(
        **known.model_dump(),
        board=board.name,
        target=target,
        compiler=compiler_version(target),
        flash_bytes=built.sizes.flash,
        ram_bytes=built.sizes.ram,
        stack=built.stack,
        flash_capacity=board.flash[0].bytes,
        ram_capacity=board.ram[0].bytes,
        selftest_crc32=f"{compiled.selftest_crc32:08x}",
        files=tuple(f"{BUILD_FOLDER}/{name}" for name in PRODUCTS[target]),
        elf=built.elf,
    )

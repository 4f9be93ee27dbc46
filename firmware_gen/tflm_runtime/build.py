"""From a model file to a project for TensorFlow Lite Micro, compiled where a checkout of it is at hand."""

import hashlib
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware_gen import tflm
from firmware_gen.board_render import Target
from firmware_gen.boards import Board
from firmware_gen.elf_sizes import read_sizes
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.out_folder import REPORT_NAME, check_out
from firmware_gen.parse import printable_name, read_model
from firmware_gen.project import PRODUCTS
from firmware_gen.report_build import model_report
from firmware_gen.selftest import selftest_input
from firmware_gen.tflm_runtime.checkout import find_checkout
from firmware_gen.tflm_runtime.convert import Converted, TflmWeights, convert
from firmware_gen.tflm_runtime.project import TflmSources, write_tflm_firmware, write_tflm_library
from firmware_gen.tflm_runtime.render import Identity
from firmware_gen.tflm_runtime.report import ArenaReport, TflmFirmwareReport, TflmReport
from firmware_gen.toolchain import LinkOverflowError, check_cxx, compiler_version, find_compiler, run_cmake
from firmware_gen.version import TOOL_VERSION
from host_bridge.atomic import staged_directory
from host_bridge.errors import UserError

_BUILD_FOLDER, _SCRATCH = "build", ".cmake"
_KERNELS = re.compile(r"^-- kernels: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class TflmOptions:
    """How a model is to be prepared; ``weights`` says what becomes of those with many zeros."""

    weights: TflmWeights = "program"
    optimize: Optimize = DEFAULT


def build_tflm_library(model: Path, out: Path, options: TflmOptions) -> TflmReport:
    """Write the sources, to be compiled with a checkout later.

    Raises:
        UserError: TensorFlow Lite Micro refuses the model, or ``out`` is not writable.
    """
    out = check_out(out)
    content, sources = _prepare(model, options)
    report = TflmReport(**_known(content, sources, options))
    with staged_directory(out) as staging:
        write_tflm_library(staging, sources)
        _write_report(staging, report)
    return report


def build_tflm_firmware(
    model: Path, board: Board, out: Path, options: TflmOptions, *, target: Target, checkout: Path | None
) -> TflmFirmwareReport:
    """Write and compile a firmware.

    Args:
        model: an int8 ``.tflite`` file.
        board: where it is to run.
        out: project folder; replaced whole when everything succeeded, untouched otherwise.
        options: how the model is prepared.
        target: ``board`` cross-compiles; ``native`` compiles the same sources for this machine.
        checkout: of TensorFlow Lite Micro; None takes that of the environment variable TFLM_DIR.

    Raises:
        UserError: the model is refused or does not fit, a tool or the checkout is missing, ``out`` is not writable.
    """
    out = check_out(out)
    find_compiler(target)
    check_cxx(target)
    tflm_dir = find_checkout(checkout)
    content, sources = _prepare(model, options)
    with staged_directory(out) as staging:
        write_tflm_firmware(staging, sources, board, target)
        with _overflow_explained(sources.converted, board):
            said = run_cmake(staging, staging / _SCRATCH, target, f"-DTFLM_DIR={tflm_dir}")
        _keep_products(staging, target)
        elf = Path(_BUILD_FOLDER) / "firmware.elf"
        sizes = read_sizes(staging / elf, board if target == "board" else None)
        report = TflmFirmwareReport(
            **_known(content, sources, options),
            board=board.name,
            target=target,
            compiler=compiler_version(target),
            kernels="".join(_KERNELS.findall(said)[:1]),
            flash_bytes=sizes.flash,
            ram_bytes=sizes.ram,
            flash_capacity=board.flash[0].bytes,
            ram_capacity=board.ram[0].bytes,
            files=tuple(f"{_BUILD_FOLDER}/{name}" for name in PRODUCTS[target]),
            elf=out / elf,
        )
        _write_report(staging, report)
    return report


def _prepare(model: Path, options: TflmOptions) -> tuple[bytes, TflmSources]:
    content = read_model(model)
    converted = convert(content, model.name, options.weights, options.optimize)
    sha256 = hashlib.sha256(content).hexdigest()
    return content, TflmSources(
        converted, Identity(printable_name(model.name), sha256, _known_answer(content, converted))
    )


def _known_answer(content: bytes, converted: Converted) -> int:
    """CRC-32 of what TensorFlow Lite Micro makes of the self-test input, with the model as it was given."""
    sample = selftest_input(converted.sizes[0]).reshape(1, *converted.shapes[0])
    arena = 4 * converted.need.total + len(content) + (1 << 20)
    return zlib.crc32(np.ascontiguousarray(tflm.infer(content, sample, arena)).tobytes())


def _known(content: bytes, sources: TflmSources, options: TflmOptions) -> dict[str, Any]:
    """The report's keys that need no compiler."""
    converted, identity = sources.converted, sources.identity
    need = converted.need
    return {
        "tool_version": TOOL_VERSION,
        "model": identity.name,
        "model_sha256": identity.sha256,
        "model_bytes": len(content),
        "converted_bytes": len(converted.content),
        "weights": options.weights,
        "operators": converted.operators,
        "programs": tuple(model_report(one.graph, one.program, one.plan, one.optimize) for one in converted.programs),
        "input_bytes": converted.sizes[0],
        "output_bytes": converted.sizes[1],
        "arena": ArenaReport(interpreter=need.interpreter, cmsis_nn=need.cmsis_nn, reserved=need.total),
        "selftest_crc32": f"{identity.selftest_crc32:08x}",
        "tflite_micro": tflm.full_name(),
    }


@contextmanager
def _overflow_explained(converted: Converted, board: Board) -> Iterator[None]:
    """Say in terms of the model what does not fit."""
    try:
        yield
    except LinkOverflowError as error:
        flash = error.overflows.get(board.flash[0].name)
        if flash is not None:
            what = f"flash of {board.name}: {flash} bytes too many (model {len(converted.content)})"
        else:
            excess = error.overflows.get(board.ram[0].name, 0)
            what = f"RAM of {board.name}: {excess} bytes too many (arena {converted.need.total})"
        raise UserError(f"the model does not fit the {what}; choose a larger board or other --tflm-weights") from error


def _keep_products(project: Path, target: Target) -> None:
    (project / _BUILD_FOLDER).mkdir()
    for name in PRODUCTS[target]:
        shutil.move(project / _SCRATCH / name, project / _BUILD_FOLDER / name)
    shutil.rmtree(project / _SCRATCH)


def _write_report(project: Path, report: TflmReport) -> None:
    (project / REPORT_NAME).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")

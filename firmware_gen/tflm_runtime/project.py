"""Writes the project of a model for TensorFlow Lite Micro: for a board, or as a library with an example."""

from dataclasses import dataclass
from pathlib import Path

from firmware_gen.board_render import Target, port_headers, port_sources, render_board_files
from firmware_gen.boards import Board
from firmware_gen.compiled import unused_decoders
from firmware_gen.emit.environment import template_environment
from firmware_gen.project_files import copy_files, write_file
from firmware_gen.runtime_files import firmware_files, is_kernel, tflm_glue
from firmware_gen.tflm_runtime.convert import Converted
from firmware_gen.tflm_runtime.render import Identity, render_sources
from firmware_gen.version import TOOL_VERSION
from host_bridge.c_header import render_messages_header

MODEL_FILE = "model.tflite"


@dataclass(frozen=True)
class TflmSources:
    """What every project has: the converted model and where it comes from."""

    converted: Converted
    identity: Identity


def write_tflm_library(folder: Path, sources: TflmSources) -> None:
    """Fill an empty folder: a static library and an example that runs anywhere."""
    _write_common(folder, sources, on_board=False)
    template = template_environment().get_template("tflm/main.cc.j2")
    values = _values(folder, sources, on_board=False)
    write_file(folder / "example" / "main.cc", template.render(values))
    _write_cmake(folder, "library.cmake.j2", values)


def write_tflm_firmware(folder: Path, sources: TflmSources, board: Board, target: Target) -> None:
    """Fill an empty folder: a firmware that serves the model over the board's serial port."""
    on_board = target == "board"
    for path, text in render_board_files(board).items():
        if on_board or path.startswith("src/"):
            write_file(folder / path, text)
    _write_common(folder, sources, on_board=on_board)
    copy_files((*port_sources(board, target), *port_headers()), folder / "port")
    main = template_environment().get_template("project/main.c.j2")
    values = {"tool_version": TOOL_VERSION, "name": sources.identity.name, "profile": False, "authenticated": False}
    write_file(folder / "src" / "main.c", main.render(values))
    _write_cmake(folder, "CMakeLists.txt.j2", _values(folder, sources, on_board=on_board))


def _write_common(folder: Path, sources: TflmSources, *, on_board: bool) -> None:
    (folder / MODEL_FILE).write_bytes(sources.converted.content)
    for name, text in render_sources(sources.converted, sources.identity).items():
        write_file(folder / "src" / name, text)
    headers, runtime = firmware_files()
    copy_files(headers, folder / "runtime" / "include")
    write_file(folder / "runtime" / "include" / "fp_messages.h", render_messages_header())
    copy_files(runtime, folder / "runtime" / "src")
    copy_files(tflm_glue(programs=bool(sources.converted.programs), on_board=on_board), folder / "src")


def _write_cmake(folder: Path, template: str, values: dict[str, object]) -> None:
    environment = template_environment()
    write_file(folder / "CMakeLists.txt", environment.get_template(f"tflm/{template}").render(values))
    write_file(folder / "tflm.cmake", environment.get_template("tflm/tflm.cmake.j2").render(values))


def _values(folder: Path, sources: TflmSources, *, on_board: bool) -> dict[str, object]:
    """What the build files' templates need to know."""
    found = (path for path in folder.rglob("*.c*") if path.suffix in (".c", ".cc"))
    names = sorted(path.relative_to(folder).as_posix() for path in found)
    kernels = [name for name in names if is_kernel(Path(name).name)]
    programs = (one.program for one in sources.converted.programs)
    return {
        "tool_version": TOOL_VERSION,
        "name": sources.identity.name,
        "toolchain_hint": " --toolchain toolchain.cmake" if on_board else "",
        "on_board": on_board,
        "stems": sources.converted.kernels,
        "kernels": kernels,
        "sources": [name for name in names if name not in kernels],
        "defines": [f"{name}=0" for name in unused_decoders(*programs)],
        "link_options": ' -T "${CMAKE_SOURCE_DIR}/linker.ld"' if on_board else "",
        "link_depends": ' LINK_DEPENDS "${CMAKE_SOURCE_DIR}/linker.ld"' if on_board else "",
        "objcopy": on_board,
    }

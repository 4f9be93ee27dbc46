"""Writes a generated project: model data, runtime, port and build files."""

from pathlib import Path

from firmware_gen.authentication import add_key
from firmware_gen.board_render import Target, port_headers, port_sources, render_board_files
from firmware_gen.boards import Board
from firmware_gen.emit.environment import template_environment
from firmware_gen.project_files import copy_files, write_file
from firmware_gen.runtime_files import Kind, firmware_files, is_kernel
from firmware_gen.version import TOOL_VERSION
from host_bridge.c_header import render_messages_header
from host_bridge.errors import UserError

PRODUCTS: dict[Target, tuple[str, ...]] = {
    "board": ("firmware.elf", "firmware.hex", "firmware.bin", "firmware.map"),
    "native": ("firmware.elf", "firmware.map"),
}
_MAINS: dict[Kind, str] = {"inference": "project/main.c.j2", "learner": "project/main_learner.c.j2"}
_CALL_GRAPH = ("$<$<C_COMPILER_ID:GNU>:-fcallgraph-info=su>",)  # for the worst-case stack
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


def write_project(
    folder: Path,
    model_sources: dict[str, str],
    model_name: str,
    board: Board,
    *,
    target: Target,
    sanitize: bool,
    defines: tuple[str, ...] = (),
    profile: bool = False,
    kind: Kind = "inference",
    key: bytes | None = None,
) -> None:
    """Fill an empty folder with everything CMake needs.

    Args:
        folder: exists and is empty.
        model_sources: rendered C by file name.
        model_name: printable, for comments.
        board: where the firmware is to run; on the host it only lends its name.
        target: cross-compile for the board, or compile the same sources for this machine.
        sanitize: with address and undefined-behaviour sanitizers (``native`` only).
        defines: macros for the compiler, ``NAME=VALUE``.
        profile: answers PROFILE and PEEK, too; the model's sources must be rendered for it.
        kind: whether the firmware infers, or learns.
        key: the board's; None: it obeys everyone.

    Raises:
        UserError: sanitizers asked for on a board, or what works with a key cannot be fetched.
    """
    if sanitize and target != "native":
        raise UserError("sanitizers need the target native; leave them out for boards")
    for path, text in render_board_files(board).items():
        if target == "board" or path.startswith("src/"):
            write_file(folder / path, text)
    for name, text in model_sources.items():
        write_file(folder / "src" / name, text)
    headers, sources = firmware_files(kind, profile, key is not None, board.core.cpu if target == "board" else "host")
    copy_files(headers, folder / "runtime" / "include")
    copy_files(sources, folder / "runtime" / "src")
    write_file(folder / "runtime" / "include" / "fp_messages.h", render_messages_header())
    copy_files((*port_sources(board, target), *port_headers()), folder / "port")
    if key is not None:
        add_key(folder, key)
    values = _values(folder, model_name, target, sanitize, defines)
    values["profile"] = profile
    values["authenticated"] = key is not None
    values["vectors_apart"] = board.vectors is not None
    environment = template_environment()
    write_file(folder / "src" / "main.c", environment.get_template(_MAINS[kind]).render(values))
    write_file(folder / "CMakeLists.txt", environment.get_template("project/CMakeLists.txt.j2").render(values))


def _values(
    folder: Path, model_name: str, target: Target, sanitize: bool, defines: tuple[str, ...]
) -> dict[str, object]:
    """What the project's templates need to know."""
    everything = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.c"))
    kernels = [path for path in everything if is_kernel(Path(path).name)]
    on_board = target == "board"
    options = _SANITIZE if sanitize else ()
    script = ' -T "${CMAKE_SOURCE_DIR}/linker.ld"'
    return {
        "tool_version": TOOL_VERSION,
        "name": model_name,
        "toolchain_hint": " --toolchain toolchain.cmake" if on_board else "",
        "kernels": kernels,
        "sources": sorted({"src/main.c", *everything} - set(kernels)),
        "extra_options": _CALL_GRAPH if on_board else options,
        "defines": defines,
        "link_options": script if on_board else "".join(f" {option}" for option in options),
        "link_depends": ' LINK_DEPENDS "${CMAKE_SOURCE_DIR}/linker.ld"' if on_board else "",
        "objcopy": on_board,
    }

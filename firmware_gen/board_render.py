"""What a board adds to a generated project: its configuration header, linker script, toolchain file and C sources."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from firmware_gen.board_drivers import PORT_FOLDER
from firmware_gen.boards import Board

TEMPLATE_FOLDER = Path(__file__).with_name("templates") / "board"
# Path in the generated project -> template.
TEMPLATES = {
    "src/board_config.h": "board_config.h.j2",
    "linker.ld": "linker.ld.j2",
    "toolchain.cmake": "toolchain.cmake.j2",
    "toolchain-clang.cmake": "toolchain-clang.cmake.j2",
}
CORTEX_M_SOURCES = ("board_cortex_m.c", "fault.c", "startup_cortex_m.c")
NATIVE_SOURCES = ("native.c",)

Target = Literal["board", "native"]


@dataclass(frozen=True)
class Define:
    """One ``#define``: a name and its C literal."""

    name: str
    value: str


def board_defines(board: Board) -> tuple[Define, ...]:
    """The constants that the ports are compiled with, in the order they are written."""
    core = board.core
    defines = [
        Define("FP_BOARD_NAME", f'"{board.name}"'),
        Define("FP_CORE_CLOCK_HZ", _literal(core.clock_hz)),
        Define("FP_CORE_IRQ_COUNT", _literal(core.irq_count)),
        Define("FP_CORE_HAS_FPU", "1" if core.float_abi == "hard" else "0"),
    ]
    for section, device in board.devices.items():
        numbers = device.model_dump(exclude={"driver"})
        defines += [Define(f"FP_{section.upper()}_{key.upper()}", _literal(numbers[key])) for key in sorted(numbers)]
    return tuple(defines)


def compile_flags(board: Board) -> tuple[str, ...]:
    """GCC's options for the board's core."""
    core = board.core
    fpu = (f"-mfpu={core.fpu}",) if core.fpu else ()
    return (f"-mcpu={core.cpu}", "-mthumb", f"-mfloat-abi={core.float_abi}", *fpu)


def render_board_files(board: Board) -> dict[str, str]:
    """Text of every file that a project needs for this board, by its path in the project."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return {
        path: environment.get_template(template).render(
            board=board,
            defines=board_defines(board),
            flash=board.flash[0].name,
            vectors=board.vectors or board.flash[0].name,
            ram=board.ram[0].name,
            second_ram=board.ram[min(1, len(board.ram) - 1)].name,
            flags=" ".join(compile_flags(board)),
        )
        for path, template in TEMPLATES.items()
    }


def port_sources(board: Board, target: Target) -> tuple[Path, ...]:
    """The C sources of the board's port: where they are now, in the order of their names."""
    names = NATIVE_SOURCES if target == "native" else (*CORTEX_M_SOURCES, f"{board.core.tick}.c")
    drivers = () if target == "native" else board.drivers
    return tuple(sorted((*(PORT_FOLDER / name for name in names), *drivers), key=lambda path: path.name))


def port_headers() -> tuple[Path, ...]:
    """The headers those sources include, besides the runtime's and ``board_config.h``."""
    return tuple(sorted(PORT_FOLDER.glob("*.h")))


def _literal(number: int) -> str:
    """Addresses in hexadecimal, everything else in decimal."""
    return f"0x{number:08X}u" if number >= 2**28 else f"{number}u"

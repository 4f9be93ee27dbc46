"""The worst-case stack: of small programs whose frames are known, of real firmware, and what is refused."""

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from op_cases import CASES
from probe_firmware import require

from firmware_gen.boards import Board, load_board
from firmware_gen.build import build_firmware
from firmware_gen.stack import pointers
from firmware_gen.stack.analysis import HANDLERS, RESET, check_stack, worst_case
from firmware_gen.stack.interrupts import exception_frame
from firmware_gen.stack.library import read_library
from firmware_gen.stack.pointers import POINTERS, assigned, choice_at, names_at, targets
from firmware_gen.stack.worst_case import StackUnknownError
from host_bridge.errors import UserError

NETWORK = next(case for case in CASES if case.name == "network")
APPLICATIONS = {"begin", "commit", "open", "seal", "greet"}
"""Pointers of services and guards that only some firmware has."""
LEAF, DEEP, HANDLER = 200, 400, 96
PROGRAM = f"""
#include <stdint.h>
#define ALONE __attribute__((noinline, noipa))
struct port {{ void (*write)(void); }};
static ALONE void write_bytes(void) {{ volatile uint8_t bytes[{LEAF}]; bytes[0] = 1; }}
static ALONE void deep(void) {{ volatile uint8_t bytes[{DEEP}]; bytes[1] = 2; }}
static const struct port known = {{.write = write_bytes}};
const struct port *volatile chosen = &known;
void fp_uart_handler(void) {{ volatile uint8_t bytes[{HANDLER}]; bytes[0] = 1; }}
void fault_handler(void) {{ for (;;) {{ }} }}
void Reset_Handler(void);
"""
REACHES = {
    "a direct call": ("void Reset_Handler(void) { deep(); deep(); }", DEEP),
    "the deeper of two": ("void Reset_Handler(void) { deep(); chosen->write(); }", DEEP),
    "a pointer": ("void Reset_Handler(void) { chosen->write(); chosen->write(); }", LEAF),
}
REFUSED = {
    "a recursion": (
        "static ALONE int down(volatile int n) { return n ? down(n - 1) + n : 0; }"
        "int n; void Reset_Handler(void) { n = down(n); n = 1; }",
        "down calls down: a recursion has no bound",
    ),
    "a pointer that nobody knows": (
        "void (*volatile other)(void); void Reset_Handler(void) { other(); deep(); }",
        "Reset_Handler calls through other, which",
    ),
    "an array of variable length": (
        "void Reset_Handler(void) { for (volatile int n = 5;;) { volatile char bytes[n]; bytes[0] = 1; deep(); } }",
        "Reset_Handler takes stack by an amount that is not known",
    ),
}


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("mps2_an386")


def compiled(source: str, folder: Path, *, call_graph: bool = True) -> tuple[Path, Path]:
    """Folder and program, linked without start-up code."""
    require("arm-none-eabi-gcc", "arm-none-eabi-objdump")
    (folder / "program.c").write_text(PROGRAM + source)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2", "-nostartfiles", "-Wl,-e,Reset_Handler"]
    graph = ["-fcallgraph-info=su", "-dumpdir", f"{folder}/"] if call_graph else []
    command += [*graph, "--specs=nosys.specs", "-o", str(folder / "program.elf"), str(folder / "program.c")]
    subprocess.run(command, check=True, capture_output=True)
    return folder, folder / "program.elf"


@pytest.mark.parametrize("name", REACHES)
def test_known_frames_add_up(name: str, board: Board, tmp_path: Path) -> None:
    source, deepest = REACHES[name]
    found = worst_case(*compiled(source, tmp_path), board)
    way = dict(found.program.path)
    assert way[found.program.path[-1][0]] == deepest
    assert found.program.bytes == deepest + way["Reset_Handler"] and way["Reset_Handler"] <= 16
    assert found.interrupt.bytes == HANDLER
    assert found.bytes == found.program.bytes + HANDLER + 2 * exception_frame(board)


def test_library_functions_are_measured_in_the_program(board: Board, tmp_path: Path) -> None:
    source = "uint64_t a, b; void Reset_Handler(void) { a = a / b; b = 1; }"
    found = worst_case(*compiled(source, tmp_path), board)
    assert [name for name, _ in found.program.path][1] == "__aeabi_uldivmod"
    assert found.program.bytes > 40


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_bound_is_named(name: str, board: Board, tmp_path: Path) -> None:
    source, reason = REFUSED[name]
    with pytest.raises(StackUnknownError, match=reason):
        worst_case(*compiled(source, tmp_path), board)


def test_compilers_without_call_graphs_are_named(board: Board, tmp_path: Path) -> None:
    with pytest.raises(StackUnknownError, match="no call graph"):
        worst_case(*compiled("void Reset_Handler(void) { deep(); }", tmp_path, call_graph=False), board)


def test_a_stack_that_outgrows_its_place_is_refused(board: Board, tmp_path: Path) -> None:
    found = worst_case(*compiled("void Reset_Handler(void) { deep(); chosen->write(); }", tmp_path), board)
    check_stack(found, board.model_copy(update={"stack_bytes": found.bytes}))
    with pytest.raises(UserError, match=rf"1 more than the {found.bytes - 1} .*raise stack_bytes to {found.bytes}$"):
        check_stack(found, board.model_copy(update={"stack_bytes": found.bytes - 1}))


def test_pointers_are_read_at_their_place(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    file.write_text(
        "    x = device->port->write(device->port->context);\n    y = expanders[a->b](\n        c);\n    z(1);\n"
    )
    assert names_at(f"{file}:1:9") == ["write"]
    assert names_at(f"{file}:2:9") == ["expanders"]
    assert names_at(f"{file}:4:5") == ["z"]
    assert names_at(f"{file}:99:1") == names_at("nowhere") == names_at(f"{tmp_path}/b.c:1:1") == []
    file.write_text("    (wide ? two : one)(x);")
    assert choice_at(f"{file}:1:11") == ["wide", "two", "one"] and choice_at(f"{file}:2:1") == []
    assert targets("handle", set(), ["handle_info", "fp_handle", "handle_ping"]) == ["handle_info", "handle_ping"]
    file.write_text("p = {.write = put_bytes, .hz = 1}; plan.compute = wide ? two : one; if (p.write == other) {}")
    assert assigned([file]) == {"write": {"put_bytes"}, "hz": {"1"}, "compute": {"wide", "two", "one"}}
    assert targets("write", {"put_bytes"}, ["put_bytes", "other"]) == ["put_bytes"]


@pytest.mark.parametrize("name", ["mps2_an385", pytest.param("stm32f4_discovery", marks=pytest.mark.slow)])
def test_firmware_with_too_little_stack_is_refused_and_not_written(name: str, tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "arm-none-eabi-objdump")
    (tmp_path / "network.tflite").write_bytes(NETWORK.model())
    small = load_board(name).model_copy(update={"stack_bytes": 512})
    with pytest.raises(UserError, match=r"may grow to \d+ bytes, .*Reset_Handler > start > main > .*raise stack_bytes"):
        build_firmware(tmp_path / "network.tflite", small, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_compiler_and_instructions_agree_on_the_way_through_a_firmware(board: Board, tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "arm-none-eabi-objdump")
    (tmp_path / "network.tflite").write_bytes(NETWORK.model())
    report = build_firmware(tmp_path / "network.tflite", board, tmp_path / "out")
    assert report.stack is not None and report.stack.worst_case_bytes is not None
    seen = read_library(report.elf)
    assert {one.function: one.bytes for one in report.stack.path} == {
        one.function: seen[one.function].frame for one in report.stack.path
    }
    assert report.stack.program_bytes == sum(one.bytes for one in report.stack.path)
    assert vector_handlers(report.elf) <= {name for name in seen if fnmatchcase(name, HANDLERS)} | {RESET}


def vector_handlers(elf: Path) -> set[str]:
    """Functions that the vector table names."""
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        symbols = list(file.get_section_by_name(".symtab").iter_symbols())
        table = next(one for one in symbols if one.name == "vectors")
        text = file.get_section_by_name(".text")
        start = table["st_value"] - text["sh_addr"]
        words = np.frombuffer(text.data()[start : start + table["st_size"]], "<u4")[1:]
    functions = {one["st_value"]: one.name for one in symbols if one["st_info"]["type"] == "STT_FUNC"}
    return {functions[int(word)] for word in words if word}


def test_every_pointer_of_the_runtime_is_explained() -> None:
    """A new one fails here, with its name, before a report says that the worst case is not known."""
    root = Path(pointers.__file__).parents[1]
    sources = [*root.glob("runtime/**/*.[ch]"), *root.glob("ports/*.[ch]"), *root.glob("templates/**/*.c.j2")]
    declared = re.compile(r"^ +[\w ]+?\*?\(\*(\w+)\)\(.*;", re.MULTILINE)
    members = {name for source in sources for name in declared.findall(source.read_text())}
    assert {"read", "invoke"} <= members
    explained = {*POINTERS, *assigned(sources)}
    assert members <= explained | APPLICATIONS, f"explain in firmware_gen/stack/pointers.py: {members - explained}"

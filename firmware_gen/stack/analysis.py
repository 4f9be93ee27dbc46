"""The worst case of a linked firmware's stack, or why it is not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from firmware_gen.boards import Board
from firmware_gen.stack.callgraph import Function, read_call_graph
from firmware_gen.stack.interrupts import exception_frame
from firmware_gen.stack.library import read_library
from firmware_gen.stack.pointers import names_at, targets
from firmware_gen.stack.worst_case import Depth, StackUnknownError, deepest
from host_bridge.errors import UserError

RESET = "Reset_Handler"
HANDLERS = "*_handler"
FAULT = "fault_handler"


@dataclass(frozen=True)
class WorstCase:
    """How deep a stack can get.

    Attributes:
        program: the deepest way from reset.
        interrupt: the deepest handler of an interrupt, and the exception's frame.
        fault: the fault handler, and the exception's frame.
        exception_frame: bytes that the core stores for each of the two.
    """

    program: Depth
    interrupt: Depth
    fault: Depth
    exception_frame: int

    @property
    def bytes(self) -> int:
        """The three on top of each other."""
        return self.program.bytes + self.interrupt.bytes + self.fault.bytes + 2 * self.exception_frame


def worst_case(build: Path, elf: Path, board: Board) -> WorstCase:
    """Analyse a firmware.

    Args:
        build: folder in which it was compiled with ``-fcallgraph-info=su``.
        elf: the linked firmware.
        board: whose core takes the interrupts.

    Raises:
        StackUnknownError: the compiler left no call graph, functions call each other in a circle, a pointer is not in
            the table, or a frame has no fixed size.
        UserError: the linked firmware cannot be read.
    """
    compiled = read_call_graph(sorted(build.rglob("*.ci")))
    if RESET not in compiled:
        raise StackUnknownError("the compiler wrote no call graph; GCC 10 and newer do")
    names = {function.name for function in compiled.values()}
    library = {name: function for name, function in read_library(elf).items() if name not in names}
    graph = {**library, **compiled}
    handlers = [title for title, one in compiled.items() if fnmatchcase(one.name, HANDLERS)]
    roots = (RESET, *handlers)
    callees = resolve(graph, roots)
    depths = [(graph[title].name, deepest(graph, callees, title)) for title in handlers]
    return WorstCase(
        deepest(graph, callees, RESET),
        max((depth for name, depth in depths if name != FAULT), key=lambda one: one.bytes, default=Depth(0, ())),
        max((depth for name, depth in depths if name == FAULT), key=lambda one: one.bytes, default=Depth(0, ())),
        exception_frame(board),
    )


def resolve(graph: Mapping[str, Function], roots: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Titles that each function within reach of ``roots`` may call, by name or through pointers.

    Raises:
        StackUnknownError: a call goes nowhere, or through a pointer that is not in the table.
    """
    titles: dict[str, list[str]] = {}
    for title, function in graph.items():
        titles.setdefault(function.name, []).append(title)
    callees: dict[str, tuple[str, ...]] = {}
    waiting = list(roots)
    while waiting:
        title = waiting.pop()
        if title in callees:
            continue
        function = graph[title]
        if missing := [name for name in function.calls if name not in graph]:
            raise StackUnknownError(f"{function.name} calls {missing[0]}, which is not in the program")
        pointed = [held for place in function.pointers for held in _held(function, place, titles)]
        callees[title] = tuple(dict.fromkeys((*function.calls, *pointed)))
        waiting += callees[title]
    return callees


def _held(function: Function, place: str, titles: Mapping[str, list[str]]) -> list[str]:
    """Titles of the functions that a call through a pointer may reach."""
    pointers = names_at(place) or ["a pointer"]
    held = [(pointer, targets(pointer, titles)) for pointer in pointers]
    if missing := [pointer for pointer, names in held if not names]:
        raise StackUnknownError(
            f"{function.name} calls through {missing[0]}, which firmware_gen/stack/pointers.py does not list"
        )
    return [title for _, names in held for name in names for title in titles[name]]


def check_stack(found: WorstCase, board: Board) -> None:
    """Refuse a firmware whose stack may leave the place that its board sets aside.

    Raises:
        UserError: by how much, and on which way.
    """
    if found.bytes > board.stack_bytes:
        way = " > ".join(name for name, _ in found.program.path)
        raise UserError(
            f"the stack of {board.name} may grow to {found.bytes} bytes, {found.bytes - board.stack_bytes} more than "
            f"the {board.stack_bytes} that its board file reserves ({way}, and interrupts); "
            f"raise stack_bytes to {found.bytes}"
        )

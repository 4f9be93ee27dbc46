"""The worst case of a linked firmware's stack, or why it is not known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from firmware_gen.boards import Board
from firmware_gen.stack.callgraph import Function, read_call_graph, read_sources
from firmware_gen.stack.interrupts import exception_frame
from firmware_gen.stack.library import read_library
from firmware_gen.stack.pointers import POINTERS, assigned, choice_at, names_at, targets
from firmware_gen.stack.worst_case import Depth, StackUnknownError, deepest
from host_bridge.errors import UserError

RESET = "Reset_Handler"
HANDLERS = "*_handler"
FAULT = "fault_handler"
_HELPERS = {"__aeabi_ldivmod": "__aeabi_uldivmod"}
"""GCC's call graph names the signed division of 64 bits where the unsigned one is called."""


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
    files = sorted(build.rglob("*.ci"))
    compiled = read_call_graph(files)
    if RESET not in compiled:
        raise StackUnknownError("the compiler wrote no call graph; GCC 10 and newer do")
    linked = read_library(elf)
    names = {function.name for function in compiled.values()}
    graph = {**{name: one for name, one in linked.items() if name not in names}, **compiled}
    handlers = [title for title, one in compiled.items() if fnmatchcase(one.name, HANDLERS)]
    callees = Resolver(graph, linked, assigned(read_sources(files))).callees((RESET, *handlers))
    depths = [(graph[title].name, deepest(graph, callees, title)) for title in handlers]
    return WorstCase(
        deepest(graph, callees, RESET),
        max((depth for name, depth in depths if name != FAULT), key=lambda one: one.bytes, default=Depth(0, ())),
        max((depth for name, depth in depths if name == FAULT), key=lambda one: one.bytes, default=Depth(0, ())),
        exception_frame(board),
    )


class Resolver:
    """Finds who calls whom.

    Args:
        graph: functions by title.
        linked: names of the functions in the program; no pointer holds another.
        words: by member, what the sources assign to it.
    """

    def __init__(self, graph: Mapping[str, Function], linked: Collection[str], words: Mapping[str, set[str]]) -> None:
        self._graph = graph
        self._words = words
        self._titles: dict[str, list[str]] = {}
        for title, function in graph.items():
            if function.name in linked:
                self._titles.setdefault(function.name, []).append(title)

    def callees(self, roots: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Titles that each function within reach of ``roots`` may call, by name or through pointers.

        Raises:
            StackUnknownError: a call goes nowhere, or through a pointer that nothing explains.
        """
        found: dict[str, tuple[str, ...]] = {}
        waiting = list(roots)
        while waiting:
            title = waiting.pop()
            if title in found:
                continue
            function = self._graph[title]
            calls = [name if name in self._graph else _HELPERS.get(name, name) for name in function.calls]
            if missing := [name for name in calls if name not in self._graph]:
                raise StackUnknownError(f"{function.name} calls {missing[0]}, which is not in the program")
            pointed = [held for place in function.pointers for held in self._held(function, place)]
            found[title] = tuple(dict.fromkeys((*calls, *pointed)))
            waiting += found[title]
        return found

    def _held(self, function: Function, place: str) -> list[str]:
        """Titles of the functions that a call through a pointer may reach."""
        if chosen := [name for name in choice_at(place) if name in self._titles]:
            return [title for name in chosen for title in self._titles[name]]
        pointers = names_at(place) or ["a pointer"]
        held = [(one, targets(one, self._words.get(one, set()), self._titles)) for one in pointers]
        if missing := [pointer for pointer, names in held if not names and pointer not in POINTERS]:
            raise StackUnknownError(
                f"{function.name} calls through {missing[0]}, which firmware_gen/stack/pointers.py does not explain"
            )
        return [title for _, names in held for name in names for title in self._titles[name]]


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

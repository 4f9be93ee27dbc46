"""Reads what GCC writes with ``-fcallgraph-info=su``: one ``.ci`` file a source file (GCC manual, Developer Options).

The files are graphs in the VCG format. A node is a function: its label has name, place and stack use, or no stack use
where the function is defined elsewhere. An edge is a call; calls through pointers go to ``__indirect_call``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

INDIRECT = "__indirect_call"
_GRAPH = re.compile(r'^graph: \{ title: "([^"]+)"')
_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
_EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?')
_FRAME = re.compile(r"(\d+) bytes \(([a-z,]+)\)")


@dataclass(frozen=True)
class Function:
    """One function of the program.

    Attributes:
        name: as in the source, without its file.
        frame: bytes of stack while it runs, without those it calls; an upper bound.
        unbounded: whether the frame depends on values (``alloca``, arrays of variable length).
        calls: titles of functions it calls by name.
        pointers: where it calls through a pointer, ``file:line:column``.
    """

    name: str
    frame: int
    unbounded: bool = False
    calls: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()


def read_sources(files: Iterable[Path]) -> list[Path]:
    """The source files that graphs were made from."""
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in files)
    return [Path(found.group(1)) for text in texts if (found := _GRAPH.match(text))]


def read_call_graph(files: Iterable[Path]) -> dict[str, Function]:
    """Every function that was compiled, by title: its name, or ``file:name`` where it is static."""
    frames: dict[str, tuple[str, int, bool]] = {}
    calls: dict[str, list[str]] = {}
    pointers: dict[str, list[str]] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if node := _NODE.match(line):
                _add_node(frames, *node.groups())
            elif edge := _EDGE.match(line):
                source, target, place = edge.groups()
                if target == INDIRECT:
                    pointers.setdefault(source, []).append(place or "")
                else:
                    calls.setdefault(source, []).append(target)
    return {
        title: Function(name, frame, unbounded, tuple(calls.get(title, ())), tuple(pointers.get(title, ())))
        for title, (name, frame, unbounded) in frames.items()
    }


def _add_node(frames: dict[str, tuple[str, int, bool]], title: str, label: str) -> None:
    found = _FRAME.search(label)
    if found is None:  # declared here, defined elsewhere
        return
    kinds = found.group(2).split(",")
    unbounded = "dynamic" in kinds and "bounded" not in kinds
    frames[title] = (label.split("\\n", maxsplit=1)[0], int(found.group(1)), unbounded)

"""The deepest way through a call graph."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_gen.stack.callgraph import Function


class StackUnknownError(Exception):
    """Why no worst case can be given; the message is one line."""


@dataclass(frozen=True)
class Depth:
    """A way through the call graph: bytes in all, and (function, bytes) from its start on."""

    bytes: int
    path: tuple[tuple[str, int], ...]


def deepest(graph: Mapping[str, Function], callees: Mapping[str, tuple[str, ...]], root: str) -> Depth:
    """The way from ``root`` that takes most stack.

    Args:
        graph: functions by title.
        callees: titles that each function may call, by title.
        root: where the way begins.

    Raises:
        StackUnknownError: functions call each other in a circle, or one has a frame of no fixed size.
    """
    done: dict[str, Depth] = {}
    _visit(graph, callees, root, [], done)
    return done[root]


def _visit(
    graph: Mapping[str, Function],
    callees: Mapping[str, tuple[str, ...]],
    title: str,
    way: list[str],
    done: dict[str, Depth],
) -> Depth:
    if title in done:
        return done[title]
    if title in way:
        circle = [graph[one].name for one in (*way[way.index(title) :], title)]
        raise StackUnknownError(f"{' calls '.join(circle)}: a recursion has no bound")
    function = graph[title]
    if function.unbounded:
        raise StackUnknownError(f"{function.name} takes stack by an amount that is not known before it runs")
    way.append(title)
    below = [_visit(graph, callees, one, way, done) for one in callees[title]]
    way.pop()
    most = max(below, key=lambda depth: depth.bytes, default=Depth(0, ()))
    done[title] = Depth(function.frame + most.bytes, ((function.name, function.frame), *most.path))
    return done[title]

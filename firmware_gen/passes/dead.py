"""Leave out operators whose result nobody reads."""

from dataclasses import replace

from firmware_gen.graph import Graph, Op, inputs_of


def drop_dead_ops(graph: Graph) -> Graph:
    """The graph with only those operators that the output depends on."""
    wanted = {graph.output}
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if op.output in wanted:
            wanted.update(inputs_of(op))
            kept.append(op)
    return replace(graph, ops=tuple(reversed(kept)))

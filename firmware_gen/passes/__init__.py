"""The way from a graph to a placed program; one pass per file, in this order."""

from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.encodings.cost import DEFAULT_CORE
from firmware_gen.graph import Graph
from firmware_gen.passes.choose_encodings import choose_encodings
from firmware_gen.passes.dead import drop_dead_ops
from firmware_gen.passes.dead_channels import drop_dead_channels
from firmware_gen.passes.fold_pad import fold_pads
from firmware_gen.passes.fuse_add import fuse_additions
from firmware_gen.passes.lower import lower
from firmware_gen.passes.plan import plan_memory
from firmware_gen.passes.spread_transposed import spread_transposed
from firmware_gen.program import Plan, Program


def compile_graph(graph: Graph, optimize: Optimize = DEFAULT, core: str = DEFAULT_CORE) -> tuple[Program, Plan]:
    """Run every pass.

    Args:
        graph: the model.
        optimize: what encodings are chosen for.
        core: whose instructions they are weighed by, as GCC's ``-mcpu`` knows it.

    Raises:
        UserError: a layer is beyond what the runtime addresses or computes exactly.
    """
    whole = _whole(graph)
    program = fuse_additions(choose_encodings(lower(drop_dead_channels(whole), whole), optimize, core))
    return program, plan_memory(program)


def computed_graph(graph: Graph) -> Graph:
    """The graph as firmware computes it: pads folded, channels dropped on which nothing depends."""
    return drop_dead_channels(_whole(graph))


def _whole(graph: Graph) -> Graph:
    return drop_dead_ops(fold_pads(spread_transposed(graph)))

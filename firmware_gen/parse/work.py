"""A limit on what one inference computes: a file of a few hundred bytes can ask for days."""

from math import prod

from firmware_gen.graph import Conv2D, FullyConnected, Graph, Op, Pool, Tensor, TransposeConv, op_name
from host_bridge.errors import UserError

MAX_MACS = 10**10
"""Multiply-accumulates, zeros included: minutes on a Cortex-M7."""


def macs(op: Op, tensors: dict[int, Tensor]) -> int:
    """Multiply-accumulates of an operator, zeros included; for pools the values they look at."""
    output = tensors[op.output]
    if isinstance(op, Pool):
        return output.elements * prod(op.window.kernel)
    if isinstance(op, Conv2D | TransposeConv | FullyConnected):
        weights = tensors[op.weights]
        return weights.elements // weights.shape[0] * output.elements
    return output.elements


def check_work(graph: Graph) -> None:
    """Refuse a model that computes too much.

    Raises:
        UserError: names the operator with most.
    """
    costs = [(macs(op, graph.tensors), op) for op in graph.ops]
    total = sum(cost for cost, _ in costs)
    if total > MAX_MACS:
        most, op = max(costs, key=lambda pair: pair[0])
        raise UserError(
            f"one inference takes {total:.1e} multiply-accumulates, {most:.1e} of them for {op_name(op)} writing "
            f"'{graph.tensors[op.output].label}'; at most {MAX_MACS:.0e} are supported, use smaller inputs or kernels"
        )

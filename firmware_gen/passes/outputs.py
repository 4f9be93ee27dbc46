"""What lowering says of the tensor an operator writes."""

from firmware_gen.graph import Activation, Graph, Op, op_name
from firmware_gen.program import Layer
from firmware_gen.quantise import activation_range
from host_bridge.errors import UserError


def where(graph: Graph, op: Op) -> str:
    """Names an operator in messages."""
    return f"{op_name(op)} writing '{graph.tensors[op.output].label}'"


def output_range(graph: Graph, op: Op, activation: Activation) -> tuple[int, int]:
    """Smallest and largest int8 that an operator writes.

    Raises:
        UserError: as :func:`firmware_gen.quantise.activation_range`.
    """
    output = graph.tensors[op.output]
    try:
        return activation_range(activation, output.scales[0], output.zero_point)
    except UserError as error:
        raise UserError(f"{where(graph, op)}: {error}") from None


def plain_layer(graph: Graph, op: Op) -> Layer:
    """Report entry of an operator without multiply-accumulates."""
    output = graph.tensors[op.output]
    return Layer(output.label, op_name(op), output.shape, tensor=op.output)

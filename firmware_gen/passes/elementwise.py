"""Lowering of operators that work element by element."""

from firmware_gen.graph import Binary
from firmware_gen.passes.outputs import output_range, plain_layer, where
from firmware_gen.passes.storage import Storage
from firmware_gen.program import AddCall
from firmware_gen.rescale import add_multipliers


def lower_binary(storage: Storage, op: Binary) -> None:
    """One call for two inputs; storage decides whether the output takes an input's place."""
    graph = storage.graph
    one, other, output = (graph.tensors[index].scales[0] for index in (*op.inputs, op.output))
    multipliers = add_multipliers((one, other, output), where(graph, op))
    (first, first_plane), (second, second_plane) = (storage.planar(index) for index in op.inputs)
    target, plane = storage.written(op.output)
    storage.calls.append(
        AddCall(
            plain_layer(graph, op), first, target, second, first_plane, plane, second_plane, multipliers,
            output_range(graph, op, op.activation),
        )
    )  # fmt: skip

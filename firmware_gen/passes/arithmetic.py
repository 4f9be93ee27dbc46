"""Lowering of operators without weights that compute."""

from firmware_gen.graph import Arithmetic, Binary, Softmax
from firmware_gen.passes.outputs import output_range, plain_layer, where
from firmware_gen.passes.storage import Storage
from firmware_gen.program import AddCall, SoftmaxCall
from firmware_gen.rescale import add_multipliers
from firmware_gen.softmax import exponentials


def lower_arithmetic(storage: Storage, op: Arithmetic) -> None:
    """The call of one operator; storage decides whether its output takes an input's place.

    Raises:
        UserError: the scales are beyond what the reference computes.
    """
    if isinstance(op, Softmax):
        _softmax(storage, op)
    else:
        _add(storage, op)


def _add(storage: Storage, op: Binary) -> None:
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


def _softmax(storage: Storage, op: Softmax) -> None:
    graph = storage.graph
    source, source_plane = storage.planar(op.input)
    table = exponentials(op.beta, graph.tensors[op.input].scales[0], where(graph, op))
    target, plane = storage.written(op.output)
    storage.calls.append(SoftmaxCall(plain_layer(graph, op), source, target, source_plane, plane, table))

"""Lowering of operators without weights that compute."""

from firmware_gen.graph import Arithmetic, Binary, Lookup, Mean, Softmax
from firmware_gen.lookup import lookup_table
from firmware_gen.passes.outputs import output_range, plain_layer, where
from firmware_gen.passes.storage import Storage
from firmware_gen.program import AddCall, LookupCall, MeanCall, MulCall, SoftmaxCall
from firmware_gen.rescale import add_multipliers, mean_multiplier, mul_multiplier
from firmware_gen.softmax import exponentials


def lower_arithmetic(storage: Storage, op: Arithmetic) -> None:
    """The call of one operator; storage decides whether its output takes an input's place.

    Raises:
        UserError: the scales are beyond what the reference computes.
    """
    if isinstance(op, Softmax):
        _softmax(storage, op)
    elif isinstance(op, Mean):
        _mean(storage, op)
    elif isinstance(op, Lookup):
        _lookup(storage, op)
    elif op.kind == "MUL":
        _mul(storage, op)
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
            plain_layer(storage.model, op), first, target, second, first_plane, plane, second_plane, multipliers,
            output_range(graph, op, op.activation), op.kind == "SUB",
        )
    )  # fmt: skip


def _mul(storage: Storage, op: Binary) -> None:
    graph = storage.graph
    one, other, output = (graph.tensors[index].scales[0] for index in (*op.inputs, op.output))
    scale = mul_multiplier((one, other, output), where(graph, op))
    (first, first_plane), (second, second_plane) = (storage.planar(index) for index in op.inputs)
    target, plane = storage.written(op.output)
    storage.calls.append(
        MulCall(
            plain_layer(storage.model, op), first, target, second, first_plane, plane, second_plane, scale,
            output_range(graph, op, op.activation),
        )
    )  # fmt: skip


def _softmax(storage: Storage, op: Softmax) -> None:
    graph = storage.graph
    source, source_plane = storage.planar(op.input)
    table = exponentials(op.beta, graph.tensors[op.input].scales[0], where(graph, op))
    target, plane = storage.written(op.output)
    storage.calls.append(SoftmaxCall(plain_layer(storage.model, op), source, target, source_plane, plane, table))


def _mean(storage: Storage, op: Mean) -> None:
    graph = storage.graph
    one, other = graph.tensors[op.input], graph.tensors[op.output]
    source, source_plane = storage.planar(op.input)
    count = source_plane.height * source_plane.width
    scale = mean_multiplier(one.scales[0], other.scales[0], count, where(graph, op))
    target, plane = storage.written(op.output)
    storage.calls.append(MeanCall(plain_layer(storage.model, op), source, target, source_plane, plane, scale))


def _lookup(storage: Storage, op: Lookup) -> None:
    graph = storage.graph
    source, source_plane = storage.planar(op.input)
    table = lookup_table(op, graph.tensors[op.input], graph.tensors[op.output], where(graph, op))
    target, plane = storage.written(op.output)
    storage.calls.append(LookupCall(plain_layer(storage.model, op), source, target, source_plane, plane, table))

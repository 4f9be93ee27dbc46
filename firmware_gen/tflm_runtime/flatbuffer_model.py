"""A ``.tflite`` file as objects that can be changed and written again: one subgraph, operators, tensors, buffers."""

import struct
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from firmware_gen.parse.raw import read_raw
from host_bridge.errors import UserError

FlatModel: TypeAlias = Any  # ModelT of tflite-micro's schema, which has no types
IDENTIFIER = b"TFL3"
CUSTOM_CODE = 32
INT8, UINT8 = 9, 3
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, KeyError)


def schema() -> Any:  # noqa: ANN401 - a module without types
    """The classes of the schema.

    Raises:
        UserError: they are not installed here.
    """
    try:
        from tflite_micro.tensorflow.lite.micro.python import schema_py_generated
    except ImportError:
        raise UserError("--runtime tflm needs the package tflite-micro, which exists for x86-64 Linux") from None
    return schema_py_generated


def load(content: bytes, name: str) -> FlatModel:
    """Read a file; ``name`` is for messages.

    Raises:
        UserError: it is damaged, or of another form than one subgraph.
    """
    try:
        read_raw(content, {})
        model = schema().ModelT.InitFromPackedBuf(content, 0)
        for operator in model.subgraphs[0].operators:
            _ = model.operatorCodes[operator.opcodeIndex]
            indices = [*operator.inputs, *operator.outputs]
            if not all(-1 <= index < len(model.subgraphs[0].tensors) for index in indices):
                raise IndexError
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    except _DAMAGE as error:
        raise UserError(f"{name}: damaged: a table is not where it should be; convert the model again") from error
    return model


def pack(model: FlatModel) -> bytes:
    """The bytes of a file."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def graph_of(model: FlatModel) -> Any:  # noqa: ANN401
    """The only subgraph."""
    return model.subgraphs[0]


def code_of(model: FlatModel, operator: Any) -> int:  # noqa: ANN401
    """Builtin code of an operator."""
    row = model.operatorCodes[operator.opcodeIndex]
    return max(int(row.builtinCode), int(row.deprecatedBuiltinCode))


def constant(model: FlatModel, tensor: int) -> npt.NDArray[np.uint8] | None:
    """Bytes of a constant tensor; None for activations and for absent operands."""
    if tensor < 0:
        return None
    data = model.buffers[graph_of(model).tensors[tensor].buffer].data
    return None if data is None or len(data) == 0 else np.asarray(data, np.uint8)


def activations(model: FlatModel, tensors: Iterable[int]) -> list[int]:
    """Those of some operands that are no constants, each once, in order."""
    return [one for one in dict.fromkeys(tensors) if one >= 0 and constant(model, one) is None]


def add_buffer(model: FlatModel, data: bytes) -> int:
    """Index of a new buffer."""
    buffer = schema().BufferT()
    buffer.data = np.frombuffer(data, np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def add_tensor(model: FlatModel, tensor: Any) -> int:  # noqa: ANN401
    """Index of a new tensor."""
    graph_of(model).tensors.append(tensor)
    return len(graph_of(model).tensors) - 1


def custom_operator(model: FlatModel, name: str, inputs: Sequence[int], outputs: Sequence[int], options: bytes) -> Any:  # noqa: ANN401
    """A new operator of the custom kind; the caller puts it into the subgraph."""
    classes = schema()
    names = [row.customCode for row in model.operatorCodes]
    if name.encode() not in names:
        row = classes.OperatorCodeT()
        row.builtinCode = row.deprecatedBuiltinCode = CUSTOM_CODE
        row.customCode, row.version = name.encode(), 1
        model.operatorCodes.append(row)
        names.append(row.customCode)
    operator = classes.OperatorT()
    operator.opcodeIndex = names.index(name.encode())
    operator.inputs, operator.outputs = list(inputs), list(outputs)
    operator.customOptions = np.frombuffer(options, np.uint8) if options else None
    return operator


def sub_model(model: FlatModel, operators: Sequence[Any], inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """A file with some operators of a model, and what they need."""
    part, graph = copy(model), copy(graph_of(model))
    graph.operators, graph.inputs, graph.outputs = list(operators), list(inputs), list(outputs)
    part.subgraphs = [graph]
    return pack(stripped(part))


def stripped(model: FlatModel) -> FlatModel:
    """The model without what no operator uses: tensors, buffers, operator codes, names, metadata, signatures."""
    graph, classes = graph_of(model), schema()
    used = sorted(
        {*graph.inputs, *graph.outputs}.union(
            *({one for one in (*row.inputs, *row.outputs) if one >= 0} for row in graph.operators)
        )
    )
    places = {-1: -1} | {old: new for new, old in enumerate(used)}
    lean = classes.ModelT()
    lean.version, lean.buffers, lean.operatorCodes = model.version, [classes.BufferT()], []
    kept = classes.SubGraphT()
    kept.tensors = _lean_tensors(model, used, lean)
    kept.inputs, kept.outputs = ([places[one] for one in ends] for ends in (graph.inputs, graph.outputs))
    kept.operators = [_lean_operator(model, row, places, lean) for row in graph.operators]
    lean.subgraphs = [kept]
    return lean


def _lean_tensors(model: FlatModel, used: Sequence[int], lean: FlatModel) -> list[Any]:
    """Copies of tensors without their names; buffers that several share stay shared."""
    buffers = {0: 0}
    tensors = []
    for index in used:
        tensor = copy(graph_of(model).tensors[index])
        tensor.name = None
        data = model.buffers[tensor.buffer]
        if data.data is None or len(data.data) == 0:
            buffers[tensor.buffer] = 0
        elif tensor.buffer not in buffers:
            buffers[tensor.buffer] = len(lean.buffers)
            lean.buffers.append(data)
        tensor.buffer = buffers[tensor.buffer]
        tensors.append(tensor)
    return tensors


def _lean_operator(model: FlatModel, row: Any, places: dict[int, int], lean: FlatModel) -> Any:  # noqa: ANN401
    operator = copy(row)
    code = model.operatorCodes[row.opcodeIndex]
    if code not in lean.operatorCodes:
        lean.operatorCodes.append(code)
    operator.opcodeIndex = lean.operatorCodes.index(code)
    operator.inputs, operator.outputs = ([places[one] for one in ends] for ends in (row.inputs, row.outputs))
    return operator

"""The bytes of a ``.tflite`` file as plain, bounded Python values.

The flatbuffers package verifies nothing, so whatever it raises on a damaged file ends here, every count is bounded
before it is looped over, and what tables share is read once: a small file must not become large.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from host_bridge.errors import UserError

IDENTIFIER = b"TFL3"
MAX_FILE_BYTES = 256 << 20
MAX_TABLE = 10_000
MAX_OPERATORS = 1_000
MAX_RANK = 8
MAX_OPERANDS = 64
MAX_CHANNELS = 1 << 16
MAX_QUANTISATION = 1 << 20
"""Scales and zero points of all tensors together."""
SCHEMA_VERSION = 3

FlatTable: TypeAlias = Any  # a class of the `tflite` package, which has no types

_DAMAGE = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, KeyError)


@dataclass(frozen=True)
class OptionsSpec:
    """Which options table an operator carries.

    Attributes:
        table: name of the class in the ``tflite`` package, and of its entry in ``BuiltinOptions``.
        fields: accessors to read; each yields one number.
    """

    table: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RawTensor:
    """A row of the tensor table; ``data`` is empty for activations."""

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    type: int
    buffer: int
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    special: bool
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class RawOperator:
    """A row of the operator table; ``options`` is None where the table is missing or of another kind."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, float] | None


@dataclass(frozen=True)
class RawModel:
    """The only subgraph of a model file."""

    tensors: tuple[RawTensor, ...]
    operators: tuple[RawOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_raw(content: bytes, specs: Mapping[int, OptionsSpec]) -> RawModel:
    """Read a model file.

    Args:
        content: the whole file.
        specs: options by builtin operator code.

    Raises:
        UserError: not a ``.tflite`` file of schema version 3 with one subgraph, or a damaged one.
    """
    if len(content) < 16 or content[4:8] != IDENTIFIER:
        raise UserError(f"not a .tflite file (no {IDENTIFIER.decode()} mark); give a model the converter wrote")
    if len(content) > MAX_FILE_BYTES:
        raise UserError(f"has {len(content)} bytes; models above {MAX_FILE_BYTES} bytes are not read")
    try:
        return _read(content, specs)
    except _DAMAGE as error:
        raise UserError("damaged: a table or vector is not where it should be; convert the model again") from error


def _read(content: bytes, specs: Mapping[int, OptionsSpec]) -> RawModel:
    import tflite

    model = tflite.Model.GetRootAs(content, 0)
    if model.Version() != SCHEMA_VERSION:
        raise UserError(f"schema version {model.Version()} is not supported; convert to version {SCHEMA_VERSION}")
    if model.SubgraphsLength() != 1:
        raise UserError(f"the model has {model.SubgraphsLength()} subgraphs; models with exactly one are supported")
    graph = model.Subgraphs(0)
    if graph.OperatorsLength() > MAX_OPERATORS:
        raise UserError(f"the model has {graph.OperatorsLength()} operators; at most {MAX_OPERATORS} are supported")
    codes = [_code(model.OperatorCodes(i)) for i in range(_count(model.OperatorCodesLength(), MAX_TABLE))]
    stored = _Stored(model)
    tensors = tuple(_tensor(graph.Tensors(i), stored) for i in range(_count(graph.TensorsLength(), MAX_TABLE)))
    operators = tuple(
        _operator(graph.Operators(i), codes, specs) for i in range(_count(graph.OperatorsLength(), MAX_TABLE))
    )
    inputs = _integers(graph.Inputs, graph.InputsLength(), MAX_OPERANDS)
    return RawModel(tensors, operators, inputs, _integers(graph.Outputs, graph.OutputsLength(), MAX_OPERANDS))


def _count(length: int, limit: int) -> int:
    if not 0 <= length <= limit:
        raise ValueError(length)
    return length


def _integers(get: Callable[[int], Any], length: int, limit: int) -> tuple[int, ...]:
    return tuple(int(get(i)) for i in range(_count(length, limit)))


def _code(row: FlatTable) -> int:
    """Builtin operator code; old files keep it in the deprecated byte."""
    return max(int(row.BuiltinCode()), int(row.DeprecatedBuiltinCode()))


def _operator(row: FlatTable, codes: list[int], specs: Mapping[int, OptionsSpec]) -> RawOperator:
    code = codes[_count(row.OpcodeIndex(), len(codes) - 1)]
    inputs = _integers(row.Inputs, row.InputsLength(), MAX_OPERANDS)
    outputs = _integers(row.Outputs, row.OutputsLength(), MAX_OPERANDS)
    spec = specs.get(code)
    return RawOperator(code, inputs, outputs, None if spec is None else _options(row, spec))


def _options(row: FlatTable, spec: OptionsSpec) -> dict[str, float] | None:
    import tflite

    union = row.BuiltinOptions()
    if union is None or row.BuiltinOptionsType() != getattr(tflite.BuiltinOptions, spec.table):
        return None
    table = getattr(tflite, spec.table)()
    table.Init(union.Bytes, union.Pos)
    values = {name: getattr(table, name)() for name in spec.fields}
    return {name: value if isinstance(value, float) else int(value) for name, value in values.items()}


class _Stored:
    """What tensors point to: buffers, each read once, and quantisation, bounded over all tensors."""

    def __init__(self, model: FlatTable) -> None:
        self._model = model
        self._buffers: dict[int, bytes] = {}
        self._count = _count(model.BuffersLength(), MAX_TABLE)
        self._numbers = MAX_QUANTISATION

    def buffer(self, index: int) -> bytes:
        """Bytes of a buffer."""
        if index not in self._buffers:
            self._buffers[index] = _data(self._model.Buffers(_count(index, self._count - 1)))
        return self._buffers[index]

    def numbers(self, read: Callable[[], Any], length: int, dtype: type[np.generic]) -> tuple[Any, ...]:
        """A numeric vector; absent ones read as the integer 0."""
        self._numbers -= _count(length, MAX_CHANNELS)
        if self._numbers < 0:
            raise UserError(f"its tensors have more than {MAX_QUANTISATION} scales and zero points; convert it again")
        if length == 0:
            return ()
        values: npt.NDArray[Any] = np.asarray(read(), dtype)
        return tuple(values.tolist())


def _tensor(row: FlatTable, stored: _Stored) -> RawTensor:
    shape = _integers(row.Shape, row.ShapeLength(), MAX_RANK)
    signature = _integers(row.ShapeSignature, row.ShapeSignatureLength(), MAX_RANK)
    quantisation = row.Quantization()
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis = 0
    if quantisation is not None:
        scales = stored.numbers(quantisation.ScaleAsNumpy, quantisation.ScaleLength(), np.float32)
        zero_points = stored.numbers(quantisation.ZeroPointAsNumpy, quantisation.ZeroPointLength(), np.int64)
        axis = int(quantisation.QuantizedDimension())
    index = int(row.Buffer())
    data = stored.buffer(index)
    special = bool(row.IsVariable()) or row.Sparsity() is not None
    name = "".join(chr(byte) if 32 < byte < 127 else "_" for byte in bytes(row.Name() or b"")[:60])
    return RawTensor(name, shape, signature, int(row.Type()), index, scales, zero_points, axis, special, data)


def _data(buffer: FlatTable) -> bytes:
    if buffer.Offset() > 1 or buffer.Size() > 1:
        raise UserError("the model keeps weights outside its flatbuffer; convert to a file below 2 GB with them inside")
    length = _count(buffer.DataLength(), MAX_FILE_BYTES)
    return b"" if length == 0 else bytes(np.asarray(buffer.DataAsNumpy(), np.uint8))

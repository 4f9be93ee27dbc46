"""Reads ``.tflite`` files into graphs; what is not supported is refused here, with a reason."""

import hashlib
from pathlib import Path

from firmware_gen.graph import Graph, Op, Tensor, inputs_of
from firmware_gen.parse import (
    binary,
    concatenation,
    conv,
    depthwise,
    fully_connected,
    lookup,
    mean,
    pad,
    pool,
    reshape,
    resize,
    softmax,
    strided_slice,
    transpose,
    transpose_conv,
)
from firmware_gen.parse.float_ends import DEQUANTIZE, without_float_ends
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import MAX_FILE_BYTES, MAX_OPERATORS, RawModel, RawOperator, read_raw
from firmware_gen.parse.tensors import activation_tensor
from firmware_gen.parse.unsupported import unsupported
from firmware_gen.parse.work import MAX_MACS, check_work
from firmware_gen.problems import Problems
from firmware_gen.program import MAX_UINT16, TAP_OFFSET_LIMIT
from host_bridge.errors import UserError

READERS: dict[int, OperatorReader] = {
    reader.code: reader
    for reader in (
        conv.READER,
        depthwise.READER,
        fully_connected.READER,
        pool.AVERAGE,
        pool.MAX,
        reshape.READER,
        reshape.SQUEEZE,
        reshape.EXPAND_DIMS,
        pad.READER,
        concatenation.READER,
        strided_slice.READER,
        transpose.READER,
        transpose_conv.READER,
        resize.READER,
        *binary.READERS,
        mean.READER,
        softmax.READER,
        *lookup.READERS,
        DEQUANTIZE,
    )
}
MODEL_LIMITS = (
    "one subgraph with one input and one output, batch 1, fixed shapes, int8 (float32 ends are left out)",
    f"at most {MAX_OPERATORS:,} operators and {MAX_MACS:.0e} multiply-accumulates, zeros included",
    f"at most {MAX_UINT16:,} elements along a dimension and {TAP_OFFSET_LIMIT:,} bytes a tensor, padding included",
    f"files up to {MAX_FILE_BYTES >> 20} MiB, weights inside them",
)
"""What holds for every model, one line each."""
_NAME_LENGTH = 31


def parse_tflite(path: Path) -> Graph:
    """Read a model file.

    Raises:
        UserError: the file cannot be read, is damaged, or holds something that is not supported.
    """
    return parse_bytes(read_model(path), path.name)


def read_model(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or type(error).__name__}; give a .tflite file") from error


def parse_bytes(content: bytes, file_name: str) -> Graph:
    """Read a model from memory; ``file_name`` names it in messages and, without its suffix, in the firmware.

    Raises:
        ModelProblemsError: as :func:`parse_tflite`; has all reasons, operator by operator.
    """
    specs = {code: reader.options for code, reader in READERS.items() if reader.options is not None}
    problems = Problems()
    prefix = f"{file_name}: "
    with problems.gather():
        raw = without_float_ends(read_raw(content, specs))
    problems.check(prefix)
    tensors: dict[int, Tensor] = {}
    ends, ops = list[int](), list[Op]()
    for which, indices in (("input", raw.inputs), ("output", raw.outputs)):
        with problems.gather():
            ends.append(_end(raw, indices, which, tensors))
    for position, row in enumerate(raw.operators):
        with problems.gather(position):
            ops.append(_operator(position, row, raw, tensors))
    problems.check(prefix)
    source, output = ends
    graph = Graph(
        printable_name(file_name),
        hashlib.sha256(content).hexdigest(),
        len(content),
        tensors,
        tuple(ops),
        source,
        output,
    )
    with problems.gather():
        _check_order(graph.ops, source, output, tensors)
        check_work(graph)
    problems.check(prefix)
    return graph


def printable_name(file_name: str) -> str:
    """A model's name for people, from its file's: at most 31 characters, safe inside C comments and strings."""
    stem = file_name.removesuffix(".tflite")
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in stem)[:_NAME_LENGTH]
    return name or "model"


def _end(raw: RawModel, indices: tuple[int, ...], which: str, tensors: dict[int, Tensor]) -> int:
    """The model's only input or output tensor."""
    if len(indices) != 1:
        raise UserError(f"the model has {len(indices)} {which}s; models with exactly one are supported")
    index = indices[0]
    if not 0 <= index < len(raw.tensors):
        raise UserError(f"the model's {which} is tensor {index}, which does not exist; convert the model again")
    tensor = tensors.setdefault(index, activation_tensor(index, raw.tensors[index], f"model {which}"))
    if len(tensor.shape) > 1 and tensor.shape[0] != 1:
        raise UserError(
            f"the model's {which} has shape {list(tensor.shape)}; batch 1 is supported, convert with batch size 1"
        )
    return index


def _operator(position: int, row: RawOperator, raw: RawModel, tensors: dict[int, Tensor]) -> Op:
    reader = READERS.get(row.code)
    if reader is None:
        raise UserError(unsupported(position, row, raw, ", ".join(one.name for one in READERS.values())))
    return reader.read(OperatorContext(f"operator {position} ({reader.name})", row, raw, tensors))


def _check_order(ops: tuple[Op, ...], source: int, output: int, tensors: dict[int, Tensor]) -> None:
    """Every tensor is written once, before it is read, and the model's output is written."""
    written = {source}
    for position, op in enumerate(ops):
        early = [index for index in inputs_of(op) if index not in written]
        if early:
            raise UserError(
                f"operator {position} reads tensor {early[0]} before it is written; convert the model again"
            )
        if op.output in written:
            raise UserError(f"operator {position} writes tensor {op.output} a second time; convert the model again")
        written.add(op.output)
    if output not in written:
        raise UserError(f"no operator writes the model's output '{tensors[output].label}'; convert the model again")

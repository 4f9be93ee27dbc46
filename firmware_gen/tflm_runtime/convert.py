"""A ``.tflite`` file as TensorFlow Lite Micro is to run it: as it is, with TFLM_DECODE, or with our programs."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from firmware_gen.compiled import CompiledModel
from firmware_gen.encodings.choice import Optimize
from firmware_gen.parse.unsupported import operator_name
from firmware_gen.tflm_runtime.arena import ArenaNeed, bounded_need, cmsis_nn_scratch, lone_program_need, measured_need
from firmware_gen.tflm_runtime.decode import OPERATOR as DECODE
from firmware_gen.tflm_runtime.decode import insert_decode
from firmware_gen.tflm_runtime.flatbuffer_model import (
    CUSTOM_CODE,
    INT8,
    FlatModel,
    code_of,
    graph_of,
    load,
    pack,
    stripped,
)
from firmware_gen.tflm_runtime.operators import add_call, kernel_files
from firmware_gen.tflm_runtime.programs import OPERATOR as PROGRAM
from firmware_gen.tflm_runtime.programs import arena_of, insert_programs
from host_bridge.errors import UserError

TflmWeights = Literal["program", "decode", "plain"]


@dataclass(frozen=True)
class Converted:
    """What a project is made from.

    Attributes:
        content: the ``.tflite`` file for the target.
        programs: the chains that became custom operators.
        operators: names of the operators left, sorted, custom ones included.
        registrations: the resolver's calls for them.
        kernels: files of TensorFlow Lite Micro's kernels, without their endings.
        need: of the arena.
        shapes: of input and output.
    """

    content: bytes
    programs: tuple[CompiledModel, ...]
    operators: tuple[str, ...]
    registrations: tuple[str, ...]
    kernels: tuple[str, ...]
    need: ArenaNeed
    shapes: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of input and output."""
        return prod(self.shapes[0]), prod(self.shapes[1])


def convert(content: bytes, file_name: str, weights: TflmWeights, optimize: Optimize) -> Converted:
    """Convert a model.

    Args:
        content: an int8 ``.tflite`` file.
        file_name: for messages and names.
        weights: what becomes of weights with many zeros.
        optimize: what our programs' encodings are chosen for.

    Raises:
        UserError: TensorFlow Lite Micro refuses the model or lacks an operator, the ends are not int8, or ``weights``
            helps nothing.
    """
    original = load(content, file_name)
    shapes = _ends(original, file_name)
    _check_operators(original, file_name)
    need = measured_need(content, file_name)
    if weights == "plain":
        return _converted(original, content, (), need, shapes)
    model = load(content, file_name)
    if weights == "decode":
        if insert_decode(model) == 0:
            raise UserError(f"{file_name}: {DECODE} makes no tensor smaller; choose --tflm-weights plain")
        model = stripped(model)
        packed = pack(model)
        return _converted(model, packed, (), measured_need(packed, file_name), shapes)
    chains = tuple(insert_programs(model, content, file_name, optimize))
    if not chains:
        raise UserError(
            f"{file_name}: no layer with weights is one that python -m firmware_gen supported-ops lists; "
            "choose --tflm-weights plain"
        )
    model = stripped(model)

    def scratch(row: object) -> int:
        return arena_of(row, list(chains))

    alone = len(graph_of(model).operators) == 1
    bound = lone_program_need(model, scratch) if alone else bounded_need(need, original, model, scratch)
    return _converted(model, pack(model), chains, bound, shapes)


def _converted(
    model: FlatModel,
    content: bytes,
    chains: tuple[CompiledModel, ...],
    need: int,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> Converted:
    rows = graph_of(model).operators
    builtin = sorted({operator_name(code_of(model, row)) for row in rows if code_of(model, row) != CUSTOM_CODE})
    custom = sorted({_custom_name(model, row) for row in rows if code_of(model, row) == CUSTOM_CODE})
    calls = [add_call(name, int8_only=_is_int8_only(model, name)) for name in builtin]
    special = {
        DECODE: "AddDecode()",
        PROGRAM: "AddCustom(FP_TFLM_OPERATOR, fp_tflm_registration())",
    }
    return Converted(
        content=content,
        programs=chains,
        operators=(*builtin, *custom),
        registrations=(*calls, *(special[name] for name in custom)),
        kernels=kernel_files(builtin, decode=DECODE in custom),
        need=ArenaNeed(need, cmsis_nn_scratch(model)),
        shapes=shapes,
    )


def _ends(model: FlatModel, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    graph = graph_of(model)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise UserError(
            f"{name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; one of each is supported"
        )
    tensors = [graph.tensors[ends[0]] for ends in (graph.inputs, graph.outputs)]
    if any(tensor.type != INT8 for tensor in tensors):
        raise UserError(
            f"{name} takes or gives other values than int8; convert it with inference_input_type and "
            "inference_output_type int8"
        )
    source, target = (tuple(int(size) for size in tensor.shape) for tensor in tensors)
    return source, target


def _check_operators(model: FlatModel, name: str) -> None:
    for row in graph_of(model).operators:
        code = code_of(model, row)
        if code == CUSTOM_CODE:
            raise UserError(
                f"{name} has the custom operator {_custom_name(model, row)!r}, whose code is not known here"
            )
        try:
            add_call(operator_name(code), int8_only=False)
        except UserError as error:
            raise UserError(f"{name}: {error}") from None


def _custom_name(model: FlatModel, row: object) -> str:
    code = model.operatorCodes[row.opcodeIndex].customCode  # type: ignore[attr-defined]
    return (code or b"").decode(errors="replace")[:40]


def _is_int8_only(model: FlatModel, name: str) -> bool:
    """Whether the first operands of all operators of this name are int8."""
    graph = graph_of(model)
    rows = (row for row in graph.operators if operator_name(code_of(model, row)) == name)
    return all(graph.tensors[one].type == INT8 for row in rows for one in (row.inputs[0], *row.outputs))

"""How much memory TensorFlow Lite Micro's interpreter needs for a model.

Without operators of ours the interpreter itself is asked, on this machine: pointers of 64 bits make it need more there
than on a Cortex-M. With them, its bookkeeping is that of another model of one operator, or at most that of the original
model, and the tensors are placed as its greedy planner does, scratch memory of the operators included. CMSIS-NN's
kernels want scratch memory that the reference kernels do without; that is added.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from firmware_gen.passes.pack import Lifetime, place
from firmware_gen.tflm_runtime.flatbuffer_model import (
    INT8,
    FlatModel,
    activations,
    code_of,
    graph_of,
    load,
    pack,
    schema,
)
from host_bridge.errors import UserError

_CHILD = Path(__file__).with_name("arena_child.py")
_TIMEOUT_S = 600
_ALIGNMENT = 16
_SPARE = 1 << 20
_GROWTH = 32
_OUR_STATE = 256  # of FP_PROGRAM: what it keeps, and the handle of its scratch memory; generous
_ELEMENT_BYTES = {0: 4, 2: 4, 4: 8, 7: 2}  # float32, int32, int64, int16; others one byte
_CONV, _DEPTHWISE, _FULLY_CONNECTED = 3, 4, 9

Scratch = Callable[[Any], int]


@dataclass(frozen=True)
class ArenaNeed:
    """Bytes of the arena.

    Attributes:
        interpreter: measured, or bounded from a measurement, on this machine with the reference kernels.
        cmsis_nn: the most that CMSIS-NN's kernels take beyond that.
    """

    interpreter: int
    cmsis_nn: int

    @property
    def total(self) -> int:
        """What the program reserves."""
        return _aligned(self.interpreter + self.cmsis_nn)


def measured_need(content: bytes, name: str) -> int:
    """An arena with which the interpreter on this machine starts.

    What it uses when it runs, or a little more where it needs that while it starts.

    Raises:
        UserError: the interpreter refuses the model.
    """
    model = load(content, name)
    most = 4 * sum(_tensor_bytes(tensor) for tensor in graph_of(model).tensors) + len(content) + _SPARE
    with tempfile.TemporaryDirectory(prefix="fp-arena-") as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        generous = _start(path, most, name)
        used = re.search(r"Arena allocation total (\d+) bytes", generous.stderr)
        if generous.returncode != 0 or used is None:
            said = [line for line in generous.stderr.split("Traceback")[0].splitlines() if line.strip()]
            raise UserError(f"{name}: tflite-micro refuses the model: {said[-1][:200] if said else 'no reason given'}")
        size = _aligned(int(used[1]))
        while size < most and _start(path, size, name).returncode != 0:
            size = _aligned(size + size // _GROWTH + _ALIGNMENT)
    return size


def _start(model: Path, size: int, name: str) -> "subprocess.CompletedProcess[str]":
    """Let the interpreter place a model's tensors in an arena."""
    command = [sys.executable, "-P", str(_CHILD), str(model), str(size)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise UserError(f"{name}: tflite-micro did not end within {_TIMEOUT_S} s") from None


def bounded_need(original_need: int, original: FlatModel, converted: FlatModel, scratch: Scratch) -> int:
    """The need of a model with operators of ours, from that of the original.

    Its bookkeeping is at most the original's, whose tensors take at least those of the busiest operator.
    """
    bookkeeping = original_need - _busiest(original)
    return bookkeeping + _greedy_height(converted, scratch)


def lone_program_need(converted: FlatModel, scratch: Scratch) -> int:
    """The need of a model that is one operator of ours.

    Bookkeeping does not depend on the sizes of tensors: that of a model with one other operator is measured.

    Raises:
        UserError: the interpreter on this machine does not run.
    """
    stand_in = pack(_one_operator())
    bookkeeping = measured_need(stand_in, "a model of one operator") - 2 * _ALIGNMENT + _OUR_STATE
    return bookkeeping + _greedy_height(converted, scratch)


def _one_operator() -> FlatModel:
    """RELU of one int8 element."""
    classes = schema()
    model, graph, operator, code = (
        getattr(classes, f"{name}T")() for name in ("Model", "SubGraph", "Operator", "OperatorCode")
    )
    graph.tensors = [classes.TensorT() for _ in range(2)]
    for tensor in graph.tensors:
        tensor.shape, tensor.type, tensor.buffer = [1, 1], INT8, 0
        tensor.quantization = classes.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [1.0], [0]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [operator]
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
    code.builtinCode = code.deprecatedBuiltinCode = classes.BuiltinOperator.RELU
    code.version = 1
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [graph], [code], [classes.BufferT()]
    return model


def cmsis_nn_scratch(model: FlatModel) -> int:
    """An upper bound of what CMSIS-NN's int8 kernels allocate.

    Four 16-bit rows of the largest kernel window for one convolution at a time, and with MVE a 32-bit sum for each
    output of every fully connected layer, for good.
    """
    graph, windows, sums = graph_of(model), [0], 0
    for row in graph.operators:
        code = code_of(model, row)
        if code in (_CONV, _DEPTHWISE):
            shape = [int(size) for size in graph.tensors[row.inputs[1]].shape]
            windows.append(8 * (prod(shape[1:]) + 4 * len(shape)))
        elif code == _FULLY_CONNECTED:
            sums += _aligned(4 * int(graph.tensors[row.inputs[1]].shape[0]))
    return _aligned(max(windows)) + sums


def _tensor_bytes(tensor: Any) -> int:  # noqa: ANN401
    shape = tensor.shape if tensor.shape is not None else ()
    elements: int = prod(int(size) for size in shape)
    return elements * _ELEMENT_BYTES.get(int(tensor.type), 1)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _lifetimes(model: FlatModel, scratch: Scratch) -> list[Lifetime]:
    """When tensors and scratch memory are needed, by operator."""
    graph = graph_of(model)
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.inputs, 0)
    extra = []
    for at, row in enumerate(graph.operators):
        for tensor in activations(model, (*row.inputs, *row.outputs)):
            first.setdefault(tensor, at)
            last[tensor] = at
        if size := scratch(row):
            extra.append(Lifetime(_aligned(size), at, at))
    last |= dict.fromkeys(graph.outputs, len(graph.operators))
    return [Lifetime(_aligned(_tensor_bytes(graph.tensors[one])), first[one], last[one]) for one in first] + extra


def _busiest(model: FlatModel) -> int:
    items = _lifetimes(model, lambda _: 0)
    moments = range(len(graph_of(model).operators))
    return max(sum(item.size for item in items if item.first <= at <= item.last) for at in moments)


def _greedy_height(model: FlatModel, scratch: Scratch) -> int:
    """Largest first, each at the lowest place that is free."""
    items = _lifetimes(model, scratch)
    offsets = place(items, sorted(range(len(items)), key=lambda index: -items[index].size))
    return max(offset + item.size for offset, item in zip(offsets, items, strict=True))

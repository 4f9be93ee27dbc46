"""The model as the passes see it: immutable tensors and operators, nothing of the file format left."""

from dataclasses import dataclass, field
from enum import Enum
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

INT8_MIN = -128
INT8_MAX = 127


class Activation(Enum):
    """Fused activation of an operator; values are the names shown in messages."""

    NONE = "NONE"
    RELU = "RELU"
    RELU6 = "RELU6"
    RELU_N1_TO_1 = "RELU_N1_TO_1"


@dataclass(frozen=True)
class Tensor:
    """One tensor of the model.

    Attributes:
        index: position in the model's tensor table.
        label: printable name for messages and reports; never part of generated identifiers.
        shape: dimensions; activations are NHWC with batch 1, weights are output channel first.
        dtype: element type.
        scales: float32 values widened to Python floats; one, or one per output channel.
        zero_point: quantised value that stands for 0.
        data: the constant's elements in ``shape``, or None for an activation.
    """

    index: int
    label: str
    shape: tuple[int, ...]
    dtype: Literal["int8", "int32"]
    scales: tuple[float, ...]
    zero_point: int
    data: npt.NDArray[Any] | None = field(default=None, compare=False, repr=False)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def hwc(self) -> tuple[int, int, int]:
        """Height, width and channels of an activation; vectors are all channels."""
        if len(self.shape) in (2, 3, 4):
            height, width, channels = (1, 1, *self.shape[1:])[-3:]
            return height, width, channels
        return 1, 1, self.elements


@dataclass(frozen=True)
class Padding:
    """Rows and columns of zero points that a window reads around its input."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


@dataclass(frozen=True)
class Window:
    """How a kernel moves over its input; every pair is (height, width)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding


@dataclass(frozen=True)
class Conv2D:
    """CONV_2D, DEPTHWISE_CONV_2D or what TRANSPOSE_CONV becomes.

    Weights are (output channels, kernel height, kernel width, inputs / groups).
    Input and output channels are cut into ``groups`` equal groups, and an output channel reads its own group only; a
    depthwise convolution has as many groups as input channels.
    """

    input: int
    output: int
    weights: int
    bias: int | None
    window: Window
    activation: Activation
    groups: int = 1
    kind: Literal["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"] = "CONV_2D"


@dataclass(frozen=True)
class TransposeConv:
    """TRANSPOSE_CONV; weights are (output channels, kernel height, kernel width, input channels).

    Input (y, x) adds its kernel to the output from (y * stride - cut) on, per axis (height, width).
    """

    input: int
    output: int
    weights: int
    bias: int | None
    stride: tuple[int, int]
    cut: tuple[int, int]
    activation: Activation


@dataclass(frozen=True)
class FullyConnected:
    """FULLY_CONNECTED over the whole input; weights are (outputs, inputs)."""

    input: int
    output: int
    weights: int
    bias: int | None
    activation: Activation


@dataclass(frozen=True)
class Pool:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""

    input: int
    output: int
    kind: Literal["average", "max"]
    window: Window
    activation: Activation


@dataclass(frozen=True)
class Reshape:
    """RESHAPE: the same bytes under another shape."""

    input: int
    output: int


BinaryKind = Literal["ADD", "SUB", "MUL"]


@dataclass(frozen=True)
class Binary:
    """ADD, SUB or MUL of two tensors of one shape, element by element; MUL also by one factor a channel.

    Such factors are the second input, of shape (1, 1, 1, channels).
    """

    kind: BinaryKind
    inputs: tuple[int, int]
    output: int
    activation: Activation


@dataclass(frozen=True)
class Softmax:
    """SOFTMAX over the channels."""

    input: int
    output: int
    beta: float


@dataclass(frozen=True)
class Run:
    """What a part of a rearrangement is along one axis of its target.

    Attributes:
        count: elements.
        target_start: first index in the target.
        target_step: from an index to the next, at least 1.
        source_axis: 0, 1, 2 for the source's height, width, channels.
        source_start: first index in the source.
        source_step: may be negative.
    """

    count: int
    target_start: int
    target_step: int
    source_axis: int
    source_start: int
    source_step: int


@dataclass(frozen=True)
class Part:
    """A box of ``input`` that a rearrangement copies; one run for each of the target's height, width, channels."""

    input: int
    axes: tuple[Run, Run, Run]


@dataclass(frozen=True)
class Rearrange:
    """Copies boxes of its inputs to places in its output; what no part covers is the output's zero point.

    PAD, CONCATENATION, STRIDED_SLICE, TRANSPOSE and RESIZE_NEAREST_NEIGHBOR, which ``kind`` tells apart for people.
    """

    output: int
    parts: tuple[Part, ...]
    kind: str


LookupKind = Literal["RELU", "RELU6", "LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "QUANTIZE"]


@dataclass(frozen=True)
class Mean:
    """MEAN over height and width."""

    input: int
    output: int


@dataclass(frozen=True)
class Lookup:
    """An operator that maps every byte on its own; ``alpha`` is the slope of LEAKY_RELU below 0."""

    input: int
    output: int
    kind: LookupKind
    alpha: float = 0.0


Arithmetic = Binary | Softmax | Mean | Lookup
Op = Conv2D | TransposeConv | FullyConnected | Pool | Reshape | Arithmetic | Rearrange


def inputs_of(op: Op) -> tuple[int, ...]:
    """Activations an operator reads."""
    if isinstance(op, Rearrange):
        return tuple(part.input for part in op.parts)
    return op.inputs if isinstance(op, Binary) else (op.input,)


@dataclass(frozen=True)
class Graph:
    """A whole model.

    Attributes:
        name: printable ASCII, at most 31 characters, from the file's name.
        sha256: of the file, 64 hexadecimal digits.
        file_bytes: size of the file.
        tensors: by index, only those the operators touch.
        ops: in execution order.
        input: index of the model's input tensor.
        output: index of the model's output tensor.
    """

    name: str
    sha256: str
    file_bytes: int
    tensors: dict[int, Tensor] = field(repr=False)
    ops: tuple[Op, ...]
    input: int
    output: int

    def constant(self, index: int) -> npt.NDArray[Any]:
        """Elements of a constant tensor.

        Raises:
            KeyError: the tensor is not a constant; parsing rules that out for weights and biases.
        """
        data = self.tensors[index].data
        if data is None:
            raise KeyError(index)
        return data


def op_name(op: Op) -> str:
    """Name of an operator as TensorFlow Lite spells it."""
    if isinstance(op, Pool):
        return f"{op.kind.upper()}_POOL_2D"
    if isinstance(op, Conv2D | Binary | Lookup | Rearrange):
        return op.kind
    if isinstance(op, Softmax | Mean):
        return type(op).__name__.upper()
    return {FullyConnected: "FULLY_CONNECTED", Reshape: "RESHAPE", TransposeConv: "TRANSPOSE_CONV"}[type(op)]


def float32(value: float) -> float:
    """``value`` rounded to float32, as the model file stores scales."""
    return float(np.float32(value))

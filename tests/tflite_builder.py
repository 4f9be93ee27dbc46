"""Writes small int8 .tflite models: every weight, scale and zero point is the test's choice."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

PADDING = {"same": 0, "valid": 1}
ACTIVATION = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3, "tanh": 4}
FLOAT32, INT32, UINT8, INT8 = 0, 2, 3, 9


class TfliteBuilder:
    """Grows a model operator by operator; each operator method returns the index of the tensor it writes."""

    def __init__(self) -> None:
        self.buffers: list[Any] = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[int] = []

    def tensor(
        self,
        shape: Sequence[int],
        scales: Sequence[float],
        zero_points: Sequence[int],
        *,
        kind: int = INT8,
        data: bytes = b"",
        name: str | None = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = (f"t{len(self.tensors)}" if name is None else name).encode()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, 0
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = list(scales), list(zero_points)
        if data:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def activation(self, shape: Sequence[int], scale: float, zero_point: int, **options: Any) -> int:
        return self.tensor(shape, [scale], [zero_point], **options)

    def weights(self, values: np.ndarray, scales: Sequence[float]) -> int:
        return self.tensor(values.shape, scales, [0] * len(scales), data=values.astype(np.int8).tobytes())

    def bias(self, values: np.ndarray, scale: float) -> int:
        return self.tensor(values.shape, [scale], [0], kind=INT32, data=values.astype("<i4").tobytes())

    def operator(self, code: int, inputs: Sequence[int], output: int, options: Any = None, kind: int = 0) -> int:
        if code not in self.codes:
            self.codes.append(code)
        row = schema.OperatorT()
        row.opcodeIndex, row.inputs, row.outputs = self.codes.index(code), list(inputs), [output]
        row.builtinOptions, row.builtinOptionsType = options, kind
        self.operators.append(row)
        return output

    def scale(self, index: int) -> float:
        return float(np.float32(self.tensors[index].quantization.scale[0]))

    def conv(
        self,
        source: int,
        weights: np.ndarray,
        scales: Sequence[float],
        bias: np.ndarray | None,
        out: tuple[float, int],
        *,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: str = "same",
        activation: str = "none",
    ) -> int:
        options = schema.Conv2DOptionsT()
        options.padding, (options.strideH, options.strideW) = PADDING[padding], stride
        options.dilationHFactor, options.dilationWFactor = dilation
        options.fusedActivationFunction = ACTIVATION[activation]
        inputs = [source, self.weights(weights, scales)]
        if bias is not None:
            inputs.append(self.bias(bias, self.scale(source) * scales[0]))
        _, height, width, _ = self.tensors[source].shape
        reach = [(weights.shape[1] - 1) * dilation[0] + 1, (weights.shape[2] - 1) * dilation[1] + 1]
        shape = (1, *_extent((height, width), reach, stride, padding), len(weights))
        return self.operator(3, inputs, self.activation(shape, *out), options, schema.BuiltinOptions.Conv2DOptions)

    def depthwise(
        self,
        source: int,
        weights: np.ndarray,
        scales: Sequence[float],
        bias: np.ndarray | None,
        out: tuple[float, int],
        *,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: str = "same",
        activation: str = "none",
    ) -> int:
        """Weights are (kernel height, kernel width, output channels)."""
        options = schema.DepthwiseConv2DOptionsT()
        options.padding, (options.strideH, options.strideW) = PADDING[padding], stride
        options.dilationHFactor, options.dilationWFactor = dilation
        options.fusedActivationFunction = ACTIVATION[activation]
        _, height, width, channels = self.tensors[source].shape
        options.depthMultiplier = weights.shape[2] // channels
        inputs = [source, self.weights(weights[None], scales)]
        self.tensors[inputs[1]].quantization.quantizedDimension = 3
        if bias is not None:
            inputs.append(self.bias(bias, self.scale(source) * scales[0]))
        reach = [(weights.shape[0] - 1) * dilation[0] + 1, (weights.shape[1] - 1) * dilation[1] + 1]
        shape = (1, *_extent((height, width), reach, stride, padding), weights.shape[2])
        kind = schema.BuiltinOptions.DepthwiseConv2DOptions
        return self.operator(4, inputs, self.activation(shape, *out), options, kind)

    def transpose_conv(
        self,
        source: int,
        weights: np.ndarray,
        scales: Sequence[float],
        bias: np.ndarray | None,
        out: tuple[float, int],
        *,
        stride: tuple[int, int] = (1, 1),
        padding: str = "same",
        size: tuple[int, int] | None = None,
        activation: str = "none",
    ) -> int:
        """Weights are (output channels, kernel height, kernel width, input channels); ``size`` is the output's."""
        options = schema.TransposeConvOptionsT()
        options.padding, (options.strideH, options.strideW) = PADDING[padding], stride
        options.fusedActivationFunction = ACTIVATION[activation]
        both = zip(self.tensors[source].shape[1:3], weights.shape[1:3], stride, strict=True)
        usual = [n * s if padding == "same" else (n - 1) * s + max(k, s) for n, k, s in both]
        shape = (1, *(size or usual), len(weights))
        inputs = [self.integers(shape), self.weights(weights, scales), source]
        if bias is not None:
            inputs.append(self.bias(bias, self.scale(source) * scales[0]))
        kind = schema.BuiltinOptions.TransposeConvOptions
        return self.operator(67, inputs, self.activation(shape, *out), options, kind)

    def fully_connected(
        self,
        source: int,
        weights: np.ndarray,
        scales: Sequence[float],
        bias: np.ndarray | None,
        out: tuple[float, int],
        *,
        activation: str = "none",
    ) -> int:
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = ACTIVATION[activation]
        inputs = [source, self.weights(weights, scales), -1]
        if bias is not None:
            inputs[2] = self.bias(bias, self.scale(source) * float(np.float32(scales[0])))
        output = self.activation((1, len(weights)), *out)
        return self.operator(9, inputs, output, options, schema.BuiltinOptions.FullyConnectedOptions)

    def pool(
        self,
        source: int,
        kind: str,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] = (1, 1),
        padding: str = "valid",
        activation: str = "none",
    ) -> int:
        options = schema.Pool2DOptionsT()
        options.padding, (options.strideH, options.strideW) = PADDING[padding], stride
        options.filterHeight, options.filterWidth = kernel
        options.fusedActivationFunction = ACTIVATION[activation]
        tensor = self.tensors[source]
        shape = (1, *_extent(tensor.shape[1:3], kernel, stride, padding), tensor.shape[3])
        output = self.activation(shape, tensor.quantization.scale[0], tensor.quantization.zeroPoint[0])
        code = {"average": 1, "max": 17}[kind]
        return self.operator(code, [source], output, options, schema.BuiltinOptions.Pool2DOptions)

    def binary(self, kind: str, sources: Sequence[int], out: tuple[float, int], *, activation: str = "none") -> int:
        """ADD, SUB or MUL of two tensors."""
        code, table = {"add": (0, "AddOptions"), "sub": (41, "SubOptions"), "mul": (18, "MulOptions")}[kind]
        options = getattr(schema, f"{table}T")()
        options.fusedActivationFunction = ACTIVATION[activation]
        shape = np.broadcast_shapes(*(tuple(self.tensors[source].shape) for source in sources))
        output = self.activation(shape, *out)
        return self.operator(code, sources, output, options, getattr(schema.BuiltinOptions, table))

    def integers(self, values: Sequence[int] | np.ndarray) -> int:
        """A constant that describes an operator."""
        data = np.array(values, "<i4")
        return self.tensor(data.shape, [], [], kind=INT32, data=data.tobytes())

    def like(self, source: int, shape: Sequence[int]) -> int:
        """An activation with the quantisation of another."""
        quantisation = self.tensors[source].quantization
        return self.activation(shape, quantisation.scale[0], quantisation.zeroPoint[0])

    def pad(self, source: int, amounts: Sequence[tuple[int, int]]) -> int:
        shape = [size + sum(both) for size, both in zip(self.tensors[source].shape, amounts, strict=True)]
        kind = schema.BuiltinOptions.PadOptions
        return self.operator(34, [source, self.integers(amounts)], self.like(source, shape), schema.PadOptionsT(), kind)

    def concatenation(self, sources: Sequence[int], axis: int) -> int:
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        shape = list(self.tensors[sources[0]].shape)
        shape[axis] = sum(self.tensors[source].shape[axis] for source in sources)
        kind = schema.BuiltinOptions.ConcatenationOptions
        return self.operator(2, sources, self.like(sources[0], shape), options, kind)

    def strided_slice(
        self,
        source: int,
        begin: Sequence[int],
        end: Sequence[int],
        strides: Sequence[int],
        shape: Sequence[int],
        *,
        masks: tuple[int, int, int] = (0, 0, 0),
    ) -> int:
        """Masks are begin, end, shrink axis; the caller states the resulting shape."""
        options = schema.StridedSliceOptionsT()
        options.beginMask, options.endMask, options.shrinkAxisMask = masks
        inputs = [source, *(self.integers(values) for values in (begin, end, strides))]
        kind = schema.BuiltinOptions.StridedSliceOptions
        return self.operator(45, inputs, self.like(source, shape), options, kind)

    def transpose(self, source: int, order: Sequence[int]) -> int:
        shape = [self.tensors[source].shape[axis] for axis in order]
        options, kind = schema.TransposeOptionsT(), schema.BuiltinOptions.TransposeOptions
        return self.operator(39, [source, self.integers(order)], self.like(source, shape), options, kind)

    def resize_nearest(self, source: int, size: tuple[int, int], *, align: bool = False, half: bool = False) -> int:
        options = schema.ResizeNearestNeighborOptionsT()
        options.alignCorners, options.halfPixelCenters = align, half
        shape = (1, *size, self.tensors[source].shape[3])
        kind = schema.BuiltinOptions.ResizeNearestNeighborOptions
        return self.operator(97, [source, self.integers(size)], self.like(source, shape), options, kind)

    def squeeze(self, source: int, axes: Sequence[int]) -> int:
        options = schema.SqueezeOptionsT()
        options.squeezeDims = list(axes)
        shape = [size for axis, size in enumerate(self.tensors[source].shape) if axis not in axes]
        return self.operator(43, [source], self.like(source, shape), options, schema.BuiltinOptions.SqueezeOptions)

    def expand_dims(self, source: int, axis: int) -> int:
        shape = [int(size) for size in self.tensors[source].shape]
        shape.insert(axis, 1)
        options, kind = schema.ExpandDimsOptionsT(), schema.BuiltinOptions.ExpandDimsOptions
        return self.operator(70, [source, self.integers([axis])], self.like(source, shape), options, kind)

    def mean(self, source: int, out: tuple[float, int], *, axes: Sequence[int] = (1, 2), keep: bool = False) -> int:
        options = schema.ReducerOptionsT()
        options.keepDims = keep
        channels = self.tensors[source].shape[3]
        output = self.activation((1, 1, 1, channels) if keep else (1, channels), *out)
        return self.operator(40, [source, self.integers(axes)], output, options, schema.BuiltinOptions.ReducerOptions)

    def lookup(self, kind: str, source: int, out: tuple[float, int], alpha: float = 0.0) -> int:
        """An operator that maps every byte on its own."""
        code = getattr(schema.BuiltinOperator, kind)
        output = self.activation(self.tensors[source].shape, *out)
        if kind != "LEAKY_RELU":
            return self.operator(code, [source], output)
        options = schema.LeakyReluOptionsT()
        options.alpha = alpha
        return self.operator(code, [source], output, options, schema.BuiltinOptions.LeakyReluOptions)

    def softmax(self, source: int, beta: float = 1.0) -> int:
        options = schema.SoftmaxOptionsT()
        options.beta = beta
        output = self.activation(self.tensors[source].shape, 1 / 256, -128)
        return self.operator(25, [source], output, options, schema.BuiltinOptions.SoftmaxOptions)

    def reshape(self, source: int, shape: Sequence[int]) -> int:
        tensor = self.tensors[source]
        wanted = self.tensor([len(shape)], [], [], kind=INT32, data=np.array(shape, "<i4").tobytes())
        output = self.activation(shape, tensor.quantization.scale[0], tensor.quantization.zeroPoint[0])
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        return self.operator(22, [source, wanted], output, options, schema.BuiltinOptions.ReshapeOptions)

    def finish(self, source: int, output: int) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = self.tensors, self.operators, [source], [output]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], self.buffers, []
        for code in self.codes:
            row = schema.OperatorCodeT()
            row.builtinCode, row.deprecatedBuiltinCode, row.version = code, min(code, 127), 1
            model.operatorCodes.append(row)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _extent(size: Sequence[int], reach: Sequence[int], stride: Sequence[int], padding: str) -> list[int]:
    """Output height and width as TensorFlow defines them."""
    if padding == "same":
        return [-(-n // s) for n, s in zip(size, stride, strict=True)]
    return [(n - r) // s + 1 for n, r, s in zip(size, reach, stride, strict=True)]

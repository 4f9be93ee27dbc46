"""The reference every board is compared with: TensorFlow Lite Micro on the host, or where it is missing, NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from firmware_gen import tflm
from firmware_gen.graph import Graph
from firmware_gen.numpy_oracle import run_graph
from firmware_gen.parse import parse_bytes, read_model
from host_bridge.errors import UserError

NUMPY = "numpy"
_ARENA_SPARE = 1 << 20

Int8 = npt.NDArray[np.int8]


@dataclass(frozen=True)
class OracleResult:
    """Reference outputs.

    Attributes:
        outputs: int8 (samples, output shape without the batch).
        name: which oracle ran, with its version.
    """

    outputs: Int8
    name: str


def run_oracle(model: Path, inputs: Int8) -> OracleResult:
    """Run a model on the host.

    Args:
        model: a ``.tflite`` file.
        inputs: int8 (samples, …), each sample with as many elements as the model's input, NHWC.

    Raises:
        UserError: the model is not supported, or the inputs do not fit it.
    """
    content = read_model(model)
    return run_oracle_bytes(content, parse_bytes(content, model.name), inputs)


def run_oracle_bytes(content: bytes, graph: Graph, inputs: Int8) -> OracleResult:
    """The same for a model that is read and parsed already.

    Raises:
        UserError: the inputs do not fit the model.
    """
    source = graph.tensors[graph.input]
    if inputs.dtype != np.int8 or inputs.ndim < 1 or inputs.size != len(inputs) * source.elements:
        raise UserError(
            f"inputs of type {inputs.dtype} and shape {list(inputs.shape)} do not fit the model's input; "
            f"give int8 (samples, {', '.join(str(size) for size in source.shape[1:])})"
        )
    samples = inputs.reshape(len(inputs), *source.shape)
    shape = (len(inputs), *graph.tensors[graph.output].shape[1:])
    name = tflm.full_name() if tflm.is_installed() else f"{NUMPY} {np.__version__}"
    if len(samples) == 0:
        return OracleResult(np.zeros(shape, np.int8), name)
    if tflm.is_installed():
        outputs = tflm.infer(content, samples, _arena_bytes(content, graph), _ends(graph))
    else:
        outputs = np.stack([run_graph(graph, sample) for sample in samples])
    return OracleResult(outputs.reshape(shape), name)


def _ends(graph: Graph) -> tuple[tflm.End, tflm.End]:
    """Scale and zero point of input and output, for models that convert from and to float32 themselves."""
    source, output = graph.tensors[graph.input], graph.tensors[graph.output]
    return (source.scales[0], source.zero_point), (output.scales[0], output.zero_point)


def _arena_bytes(content: bytes, graph: Graph) -> int:
    """More than the interpreter can need: twice every activation, all of them as float32, and its bookkeeping."""
    activations = sum(tensor.elements for tensor in graph.tensors.values() if tensor.data is None)
    return 8 * activations + len(content) + _ARENA_SPARE

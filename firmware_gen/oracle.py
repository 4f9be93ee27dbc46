"""The reference every board is compared with: TensorFlow Lite Micro on the host, or where it is missing, NumPy."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Graph
from firmware_gen.numpy_oracle import run_graph
from firmware_gen.parse import parse_bytes, read_model
from host_bridge.errors import UserError

TFLM = "tflite-micro"
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
    samples = inputs.reshape(len(inputs), source.elements)
    runtime = _tflm()
    if runtime is None:
        outputs = [run_graph(graph, sample) for sample in samples]
        name = f"{NUMPY} {np.__version__}"
    else:
        outputs = _run_tflm(runtime, content, graph, samples)
        name = f"{TFLM} {_tflm_version()}"
    shape = (len(inputs), *graph.tensors[graph.output].shape[1:])
    return OracleResult(np.stack(outputs).reshape(shape) if len(outputs) else np.zeros(shape, np.int8), name)


def _tflm() -> Any:  # noqa: ANN401 - a module without types, or None
    try:
        from tflite_micro import runtime
    except ImportError:
        return None
    return runtime


def _tflm_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tflite_micro")
    except PackageNotFoundError:
        return "unknown"


def _run_tflm(runtime: Any, content: bytes, graph: Graph, samples: Int8) -> list[Int8]:  # noqa: ANN401
    activations = sum(tensor.elements for tensor in graph.tensors.values() if tensor.data is None)
    arena = 2 * activations + len(content) + _ARENA_SPARE
    shape = graph.tensors[graph.input].shape
    with _quiet_stderr() as noise:
        try:
            interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
            return [_infer(interpreter, sample.reshape(shape)) for sample in samples]
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{TFLM} refuses the model: {_last_line(noise) or error}") from error


def _infer(interpreter: Any, sample: Int8) -> Int8:  # noqa: ANN401
    interpreter.set_input(sample, 0)
    interpreter.invoke()
    return np.array(interpreter.get_output(0), np.int8)


@contextmanager
def _quiet_stderr() -> Iterator[IO[bytes]]:
    """Send what C code writes to standard error to a temporary file."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as noise:
        try:
            os.dup2(noise.fileno(), 2)
            yield noise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _last_line(noise: IO[bytes]) -> str:
    noise.seek(0)
    lines = noise.read()[-4000:].decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")

"""TensorFlow Lite Micro on the host, kept at arm's length."""

import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_bridge.errors import UserError

NAME = "tflite-micro"
_CHILD = Path(__file__).with_name("tflm_child.py")
_TIMEOUT_S = 1800

Int8 = npt.NDArray[np.int8]
End = tuple[float, int]
"""Scale and zero point of a model's input or output."""

_INT8_END: End = (1.0, 0)


def is_installed() -> bool:
    """Whether the interpreter can be imported here."""
    return find_spec("tflite_micro") is not None


def full_name() -> str:
    """Name and version."""
    try:
        return f"{NAME} {version('tflite_micro')}"
    except PackageNotFoundError:
        return NAME


def infer(content: bytes, samples: Int8, arena: int, ends: tuple[End, End] = (_INT8_END, _INT8_END)) -> Int8:
    """Run samples through a model in a process of its own.

    Args:
        content: the ``.tflite`` file.
        samples: int8 (samples, *input shape with its batch), at least one.
        arena: bytes for the interpreter.
        ends: of input and output; used where the model takes or gives float32.

    Returns:
        int8 (samples, output bytes).

    Raises:
        UserError: the interpreter refuses the model, dies of it, or does not end.
    """
    with tempfile.TemporaryDirectory(prefix="fp-oracle-") as folder:
        request, reply = Path(folder) / "request.npz", Path(folder) / "reply.npy"
        np.savez(
            request, model=np.frombuffer(content, np.uint8), samples=samples, arena=np.int64(arena), ends=np.array(ends)
        )
        command = [sys.executable, "-P", str(_CHILD), str(request), str(reply)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise UserError(f"{NAME} did not end within {_TIMEOUT_S} s; use fewer samples") from None
        if done.returncode != 0 or not reply.is_file():
            raise UserError(f"{NAME} cannot run the model: {_reason(done)}; convert the model again")
        outputs: Int8 = np.load(reply)
        return outputs


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """What the interpreter said, which is before Python's traceback, or how it ended."""
    lines = done.stderr.decode(errors="replace").split("Traceback (most recent call last)")[0].splitlines()
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200] if said else f"it ended with status {done.returncode}"

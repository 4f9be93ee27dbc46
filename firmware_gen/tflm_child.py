"""Runs TensorFlow Lite Micro in a process of its own: ``python tflm_child.py REQUEST.npz REPLY.npy``.

The interpreter trusts its file; what a damaged one does to it ends here. The request holds ``model`` (uint8),
``samples`` (int8, in the shape of the model's input after the first axis) and ``arena`` (bytes); the reply is int8
(samples, output bytes).
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def infer_all(content: bytes, samples: npt.NDArray[np.int8], arena: int) -> npt.NDArray[np.int8]:
    """Outputs, int8 (samples, output bytes), for samples (samples, *input shape).

    Raises:
        RuntimeError: the interpreter refuses the model.
    """
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
    return np.stack([_infer(interpreter, sample) for sample in samples])


def _infer(interpreter: Any, sample: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:  # noqa: ANN401
    interpreter.set_input(sample, 0)
    interpreter.invoke()
    return np.array(interpreter.get_output(0), np.int8).reshape(-1)


def main() -> None:
    """Answer one request."""
    request = np.load(sys.argv[1])
    outputs = infer_all(request["model"].tobytes(), request["samples"], int(request["arena"]))
    with Path(sys.argv[2]).open("wb") as reply:
        np.save(reply, outputs)


if __name__ == "__main__":
    main()

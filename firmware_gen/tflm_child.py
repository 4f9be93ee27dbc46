"""Runs TensorFlow Lite Micro in a process of its own: ``python tflm_child.py REQUEST.npz REPLY.npy``.

The interpreter trusts its file; what a damaged one does to it ends here. The request holds ``model`` (uint8),
``samples`` (int8, in the shape of the model's input after the first axis), ``arena`` (bytes) and ``ends`` (scale and
zero point of input and output, for models that take or give float32); the reply is int8 (samples, output bytes).
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def infer_all(
    content: bytes,
    samples: npt.NDArray[np.int8],
    arena: int,
    ends: Any = ((1.0, 0), (1.0, 0)),  # noqa: ANN401
) -> npt.NDArray[np.int8]:
    """Outputs, int8 (samples, output bytes), for samples (samples, *input shape).

    Raises:
        RuntimeError: the interpreter refuses the model.
    """
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
    return np.stack([_infer(interpreter, sample, ends) for sample in samples])


def _infer(interpreter: Any, sample: npt.NDArray[np.int8], ends: Any) -> npt.NDArray[np.int8]:  # noqa: ANN401
    """One sample; float32 ends get and give the real values that int8 values stand for."""
    (scale, zero_point), (out_scale, out_zero_point) = ends
    if interpreter.get_input_details(0)["dtype"] == np.float32:
        real = np.float32(scale) * (sample.astype(np.float32) - np.float32(zero_point))
        interpreter.set_input(real, 0)
    else:
        interpreter.set_input(sample, 0)
    interpreter.invoke()
    output = np.array(interpreter.get_output(0)).reshape(-1)
    if output.dtype == np.float32:
        output = np.rint(output.astype(np.float64) / out_scale) + out_zero_point
    return output.astype(np.int8)


def main() -> None:
    """Answer one request."""
    request = np.load(sys.argv[1])
    outputs = infer_all(request["model"].tobytes(), request["samples"], int(request["arena"]), request["ends"].tolist())
    with Path(sys.argv[2]).open("wb") as reply:
        np.save(reply, outputs)


if __name__ == "__main__":
    main()

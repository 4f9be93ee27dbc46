"""The inputs a model is verified with: from a file, or drawn from a seed."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from firmware_gen.parse import parse_tflite
from host_bridge.errors import UserError
from host_bridge.samples import load_inputs

Int8 = npt.NDArray[np.int8]


def input_shape(model: Path) -> tuple[int, ...]:
    """Shape of one sample, without the batch.

    Raises:
        UserError: the file is missing, corrupt or not supported.
    """
    graph = parse_tflite(model)
    return graph.tensors[graph.input].shape[1:]


def as_samples(array: Int8, shape: tuple[int, ...], source: str) -> Int8:
    """``array`` as int8 ``(samples, *shape)``.

    Args:
        array: one sample, or samples along the first axis; a sample may be flat.
        shape: of one sample.
        source: what error messages call the array.

    Raises:
        UserError: another type or shape, or no sample at all.
    """
    elements = int(np.prod(shape))
    wanted = f"int8 of shape (samples, {', '.join(str(size) for size in shape)})"
    if array.dtype != np.int8:
        raise UserError(
            f"{source} holds {array.dtype}, the model takes {wanted}; quantise with its scale and zero point"
        )
    if array.shape in (shape, (elements,)):
        return array.reshape(1, *shape)
    if array.shape[1:] not in (shape, (elements,)):
        raise UserError(f"{source} has shape {array.shape}, the model takes {wanted}")
    if len(array) == 0:
        raise UserError(f"{source} holds no sample; the model takes {wanted}")
    return array.reshape(len(array), *shape)


def load_samples(path: Path, shape: tuple[int, ...]) -> Int8:
    """Read a ``.npy`` file as int8 ``(samples, *shape)``.

    Raises:
        UserError: no such file, not a ``.npy`` file, or another type or shape.
    """
    return as_samples(load_inputs(path), shape, str(path))


def random_samples(shape: tuple[int, ...], count: int, seed: int) -> Int8:
    """``count`` samples drawn uniformly from the whole int8 range."""
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, (count, *shape), np.int8)

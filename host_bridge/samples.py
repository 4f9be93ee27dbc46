"""Input samples from, and outputs to, ``.npy`` files."""

import io
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_bridge.atomic import write_whole
from host_bridge.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def load_array(path: Path) -> "NDArray[Any]":
    """The array in ``path``.

    Raises:
        UserError: no such file, or not a ``.npy`` file of numbers.
    """
    import numpy as np

    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; give a .npy file") from error
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is not a .npy file of numbers; write it with numpy.save") from error
    if not isinstance(array, np.ndarray):
        raise UserError(f"{path} is an archive, not one array; write it with numpy.save")
    return array


def load_inputs(path: Path) -> "NDArray[np.int8]":
    """The array in ``path``.

    Raises:
        UserError: no such file, not a ``.npy`` file, or not int8.
    """
    array = load_array(path)
    if array.dtype.name != "int8":
        raise UserError(
            f"{path} holds {array.dtype}, not int8; quantise the inputs with the model's scale and zero point"
        )
    return array


def split_samples(array: "NDArray[np.int8]", input_bytes: int, path: Path) -> list[bytes]:
    """One input per sample: the array is one sample, or its first axis counts samples.

    Args:
        array: int8 ``(*input_shape)`` or ``(n, *input_shape)``.
        input_bytes: what the model takes.
        path: for the error message.

    Raises:
        UserError: neither fits.
    """
    if array.size == input_bytes:
        return [array.tobytes()]
    if array.ndim > 1 and array.shape[0] > 0 and prod(array.shape[1:]) == input_bytes:
        return [sample.tobytes() for sample in array]
    raise UserError(
        f"{path} has shape {array.shape}; the model on the board takes samples of {input_bytes} values, "
        "so give one sample or an array (samples, …) of them"
    )


def save_outputs(path: Path, outputs: list[bytes]) -> None:
    """Write int8 ``(samples, output_bytes)``.

    Raises:
        UserError: the file cannot be written.
    """
    import numpy as np

    array = np.frombuffer(b"".join(outputs), dtype=np.int8).reshape(len(outputs), -1)
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_whole(path, buffer.getvalue())

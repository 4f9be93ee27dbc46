"""The Python batches of CIFAR-10 and CIFAR-100, unpickled without running anything."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.raw import Array

_SIDE, _CHANNELS = 32, 3


def _encode(text: str, _encoding: str) -> bytes:
    """How Python 3 writes bytes into old pickles; always Latin-1, whatever the file says."""
    return text.encode("latin-1")


def _reconstruct(_kind: type, _shape: tuple[int, ...], _code: bytes) -> Array:
    """The empty array that NumPy's pickles start from; always a plain array."""
    return np.ndarray.__new__(np.ndarray, (0,), dtype=np.uint8)


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}


class _PlainUnpickler(pickle.Unpickler):
    """Knows what an array of numbers needs, and no other name."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """What a pickle may call.

        Raises:
            pickle.UnpicklingError: it names anything else.
        """
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR batch needs")
        return _ALLOWED[module, name]


def read_batch(path: Path, label_key: str) -> tuple[Array, Array]:
    """Images and labels of one batch.

    Args:
        path: the file.
        label_key: ``labels`` of CIFAR-10, ``fine_labels`` or ``coarse_labels`` of CIFAR-100.

    Returns:
        Images, uint8 (samples, 32, 32, 3), and labels, int64 (samples,).

    Raises:
        UserError: the file is no such batch.
    """
    try:
        with path.open("rb") as file:
            batch = _PlainUnpickler(file, encoding="bytes").load()
        return _images(batch[b"data"]), np.asarray(batch[label_key.encode()], np.int64)
    except Exception as error:  # a damaged pickle can raise nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"cannot read {path} as a CIFAR batch: {reason}; fetch it again") from error


def _images(data: object) -> Array:
    """Rows of red, green and blue planes as images."""
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8:
        raise ValueError("data is not an array of bytes")
    return data.reshape(-1, _CHANNELS, _SIDE, _SIDE).transpose(0, 2, 3, 1)

"""IDX files, the format of MNIST: a big-endian header, then bytes.

http://yann.lecun.com/exdb/mnist/ describes the format.
"""

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.datasets.raw import Array, Raw

IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
"""The four files as published; each may end in ``.gz``."""

_UINT8 = 0x08


def read_idx(path: Path) -> Array:
    """The array of bytes in an IDX file, compressed or not.

    Raises:
        UserError: the file is damaged or holds something else.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"cannot read {path}: {error}; fetch it again") from error
    if len(data) < 4 or data[:3] != bytes((0, 0, _UINT8)):
        raise UserError(f"{path} is no IDX file of bytes; fetch it again")
    start = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:start]) if len(data) >= start else (0,)
    if len(data) - start != prod(shape):
        raise UserError(f"{path} has {len(data)} bytes where its header promises {start + prod(shape)}; fetch it again")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_idx_split(paths: tuple[Path, ...]) -> Raw:
    """Samples and labels of :data:`IDX_FILES`, in their order."""
    return Raw(*(read_idx(path) for path in paths))

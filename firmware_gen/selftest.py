"""The known-answer test: an input both ends can make, and the checksum of the reference's output."""

import zlib

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Graph
from firmware_gen.oracle import run_oracle_bytes

_FACTOR = 2654435761


def selftest_input(count: int) -> npt.NDArray[np.int8]:
    """int8 (count,): byte i is the top byte of ``(i + 1) * 2654435761 mod 2**32``; twin of fp_model_selftest_input."""
    products = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_FACTOR) & np.uint64(0xFFFFFFFF)
    return (products >> np.uint64(24)).astype(np.uint8).view(np.int8)


def selftest_crc32(content: bytes, graph: Graph) -> int:
    """CRC-32 of the reference's output bytes for the self-test input.

    Raises:
        UserError: the reference refuses the model.
    """
    sample = selftest_input(graph.tensors[graph.input].elements)
    return zlib.crc32(run_oracle_bytes(content, graph, sample[np.newaxis]).outputs.tobytes())

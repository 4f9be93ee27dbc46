"""What an encoding of weights is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Encoding:
    """One way of writing weights into flash; its C twin is a decoder of fp_taps.h.

    Attributes:
        name: as reports show it.
        c_name: the enumerator of ``fp_encoding``.
        encode: rows (channels, weights per channel) to bytes, channels one after the other.
        decode: the inverse, given channels and weights per channel; for tests and tools.
        table_bytes: scratch memory that its decoder needs.
        decoder_bytes: code that only models with this encoding carry, on a Cortex-M4; about.
        define: name of the macro that leaves this code out, where there is one.
    """

    name: str
    c_name: str
    encode: Callable[[Rows], bytes]
    decode: Callable[[bytes, int, int], Rows]
    table_bytes: int = 0
    decoder_bytes: int = 0
    define: str | None = None

"""Constant arrays as C text."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_INT32_MIN = -(1 << 31)
_BYTES_A_LINE = 16
_WORDS_A_LINE = 8
_INDENT = "    "


@dataclass(frozen=True)
class CArray:
    """One ``static const`` array.

    Attributes:
        name: C identifier, made of a fixed prefix and a number.
        type: element type.
        comment: what it holds, one line.
        bytes: size, asserted in the generated file.
        body: the initialiser's lines.
    """

    name: str
    type: str
    comment: str
    bytes: int
    body: str = field(repr=False)


def _lines(literals: Iterable[str], a_line: int) -> str:
    words = list(literals)
    rows = (words[start : start + a_line] for start in range(0, len(words), a_line))
    return "\n".join(f"{_INDENT}{', '.join(row)}," for row in rows)


def _literal(value: int) -> str:
    """A decimal literal; the smallest int32 has none of its own type."""
    return f"({value + 1} - 1)" if value == _INT32_MIN else str(value)


def byte_array(name: str, data: bytes, comment: str) -> CArray:
    """A ``uint8_t`` array in hexadecimal; never empty, as C99 has no empty initialiser."""
    stored = data or b"\0"
    return CArray(name, "uint8_t", comment, len(stored), _lines((f"0x{byte:02x}" for byte in stored), _BYTES_A_LINE))


def int_array(name: str, values: npt.NDArray[np.int32] | npt.NDArray[np.int8], comment: str) -> CArray:
    """An ``int8_t`` or ``int32_t`` array in decimal."""
    a_line = _WORDS_A_LINE if values.itemsize > 1 else _BYTES_A_LINE
    body = _lines((_literal(int(value)) for value in values), a_line)
    return CArray(name, f"int{8 * values.itemsize}_t", comment, values.nbytes, body)


def short_array(name: str, values: npt.NDArray[np.uint16], comment: str) -> CArray:
    """A ``uint16_t`` array in decimal; never empty, as C99 has no empty initialiser."""
    stored = values if len(values) else np.zeros(1, np.uint16)
    return CArray(name, "uint16_t", comment, stored.nbytes, _lines(map(str, stored.tolist()), _BYTES_A_LINE))

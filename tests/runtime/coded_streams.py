"""FP_ENCODING_GAP4 and FP_ENCODING_ENTROPY written and read bit by bit, from the descriptions in the C headers.

The writer of entropy codes draws any legal tables, not good ones, so that the decoder meets all kinds.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Gaps = list[int]
SKIP = 31


class IllegalError(Exception):
    """A stream that the runtime has to refuse."""


def _gaps(weights: NDArray[np.int8]) -> tuple[Gaps, list[int], int]:
    """Gaps through all rows, the weights, and the gap behind the last."""
    flat = weights.reshape(-1)
    kept = [-1, *np.flatnonzero(flat).tolist(), flat.size]
    gaps = [after - before - 1 for before, after in pairwise(kept)]
    return gaps[:-1], [int(flat[index]) for index in kept[1:-1]], gaps[-1]


def _fill(gaps: Gaps, values: list[int], rows: int, weights: int, capacity: int) -> NDArray[np.int8]:
    flat, index = np.zeros(rows * weights, np.int8), -1
    for gap, value in zip(gaps, values, strict=True):
        index += gap + 1
        if index >= flat.size or value == 0:
            raise IllegalError
        flat[index] = value
    result = flat.reshape(rows, weights)
    if (np.count_nonzero(result, axis=1) > capacity).any():
        raise IllegalError
    return result


def gap4_layer(weights: NDArray[np.int8]) -> bytes:
    gaps, values, _ = _gaps(weights)
    digits = ""
    for gap in gaps:
        if gap < 15:
            digits += f"{gap:x}"
        else:
            octal = f"{gap - 15:o}"[::-1]
            digits += "f" + "".join(f"{int(digit) + 8:x}" for digit in octal[:-1]) + octal[-1]
    digits += "0" * (len(digits) % 2)
    swapped = bytes(int(digits[at + 1] + digits[at], 16) for at in range(0, len(digits), 2))
    return _leb128(len(values)) + bytes(value & 255 for value in values) + swapped


def _leb128(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value % 128 + 128]) + _leb128(value // 128)


def decode_gap4(stream: bytes, rows: int, weights: int, capacity: int) -> NDArray[np.int8]:
    """Raises IllegalError or IndexError."""
    count = at = 0
    for place in range(5):
        count, at = count + (stream[at] % 128 << 7 * place), at + 1
        if stream[at - 1] < 128:
            break
    else:
        raise IllegalError
    if count >= 1 << 32 or at + count > len(stream):
        raise IllegalError
    values = [byte - 256 * (byte > 127) for byte in stream[at : at + count]]
    digits = [int(digit, 16) for byte in stream[at + count :] for digit in f"{byte:02x}"[::-1]]
    gaps = []
    for _ in range(count):
        gap = digits.pop(0)
        if gap == 15:
            for place in range(10):
                digit = digits.pop(0)
                gap += digit % 8 << 3 * place
                if digit < 8:
                    break
            else:
                raise IllegalError
        gaps.append(gap)
    if len(digits) > 1 or any(digits):
        raise IllegalError
    return _fill(gaps, values, rows, weights, capacity)


@dataclass(frozen=True)
class Table:
    m: int
    k: int
    lengths: tuple[int, ...]

    def span(self, index: int) -> tuple[int, int]:
        """First number and number of plain bits of a class."""
        if self.m == 7:
            return index << self.k, self.k
        if index < 1 << self.k:
            return index, 0
        octave, step = divmod(index - (1 << self.k), 1 << self.m)
        power = self.k + octave
        return (1 << power) + (step << power - self.m), power - self.m

    def class_of(self, number: int) -> int:
        return max(index for index in range(33) if self.span(index)[0] <= number)

    def codes(self) -> dict[str, int]:
        """Classes by the digits of their codes."""
        if sum(2**-length for length in self.lengths if length) != 1 or max(self.lengths) > 8:
            raise IllegalError
        found, code, before = {}, -1, 0
        for length, index in sorted((length, index) for index, length in enumerate(self.lengths) if length):
            code = code + 1 << length - before
            before = length
            found[f"{code:0{length}b}"] = index
        return found

    def written(self) -> bytes:
        nibbles = [*self.lengths, 0]
        pairs = (nibbles[at] + 16 * nibbles[at + 1] for at in range(0, len(self.lengths), 2))
        return bytes([16 * self.m + self.k, len(self.lengths), *pairs])

    def digits(self, number: int) -> str:
        index = self.class_of(number)
        first, extra = self.span(index)
        code = next(digits for digits, one in self.codes().items() if one == index)
        return code + (f"{number - first:0{extra}b}" if extra else "")


SPLITS = [(m, k) for m in (1, 2, 3) for k in range(m + 1, 6)] + [(7, k) for k in range(12)]


def _random_table(rng: np.random.Generator, numbers: list[int], skip: bool) -> Table:
    """A split that holds the numbers (with skips, any of them does), and a random tree over their classes."""
    while True:
        cut = Table(*SPLITS[rng.integers(len(SPLITS))], ())
        rest = [number % cut.span(SKIP)[0] if skip else number for number in numbers]
        used = {cut.class_of(number) for number in rest}
        if skip and any(number >= cut.span(SKIP)[0] for number in numbers):
            used.add(SKIP)
        used |= {0} if len(used) < 2 else set()
        used |= {1} if len(used) < 2 else set()
        if max(used) >= 32 or (not skip and cut.span(max(used))[0] + (1 << cut.span(max(used))[1]) > 256):
            continue
        leaves = [1, 1]
        while len(leaves) < len(used):
            at = int(rng.choice([index for index, length in enumerate(leaves) if length < 8]))
            leaves[at : at + 1] = [leaves[at] + 1] * 2
        lengths = [0] * (max(used) + 1)
        for index, length in zip(sorted(used), rng.permutation(leaves).tolist(), strict=False):
            lengths[index] = length
        if len(used) == len(leaves):
            return Table(cut.m, cut.k, tuple(lengths))


def entropy_layer(weights: NDArray[np.int8]) -> bytes:
    rng = np.random.default_rng(weights.size + int(np.count_nonzero(weights)))
    gaps, values, last = _gaps(weights)
    numbers = [2 * value if value > 0 else -2 * value - 1 for value in values]
    tables = _random_table(rng, [*gaps, last], True), _random_table(rng, numbers or [1], False)

    def gap_digits(gap: int) -> str:
        step = tables[0].span(SKIP)[0]
        skip = next((digits for digits, index in tables[0].codes().items() if index == SKIP), "")
        return skip * (gap // step) + tables[0].digits(gap % step)

    digits = "".join(gap_digits(gap) + tables[1].digits(number) for gap, number in zip(gaps, numbers, strict=True))
    digits += gap_digits(last)
    digits += "0" * (-len(digits) % 8)
    body = bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits), 8))
    return tables[0].written() + tables[1].written() + body


def _read_table(stream: bytes, at: int) -> tuple[Table, int]:
    m, k, count = stream[at] // 16, stream[at] % 16, stream[at + 1]
    end = at + 2 + (count + 1) // 2
    if (m, k) not in SPLITS or count > 32 or end > len(stream):
        raise IllegalError
    nibbles = [nibble for byte in stream[at + 2 : end] for nibble in (byte % 16, byte // 16)]
    table = Table(m, k, tuple(nibbles[:count]) or (0,))
    table.codes()
    return table, end


class _Reader:
    def __init__(self, stream: bytes) -> None:
        self.digits = "".join(f"{byte:08b}" for byte in stream)
        self.at = 0

    def take(self, count: int) -> str:
        if self.at + count > len(self.digits):
            raise IllegalError
        self.at += count
        return self.digits[self.at - count : self.at]

    def index(self, codes: dict[str, int]) -> int:
        code = ""
        while code not in codes:
            code += self.take(1)
        return codes[code]

    def number(self, table: Table, index: int) -> int:
        first, extra = table.span(index)
        return first + int("0" + self.take(extra), 2)


def decode_entropy(stream: bytes, rows: int, weights: int, capacity: int) -> NDArray[np.int8]:
    """Raises IllegalError or IndexError."""
    gap_table, at = _read_table(stream, 0)
    weight_table, at = _read_table(stream, at)
    gap_codes, weight_codes = gap_table.codes(), weight_table.codes()
    spans = [weight_table.span(index) for index in weight_codes.values()]
    if max(first + (1 << extra) for first, extra in spans) > 256:
        raise IllegalError
    reader = _Reader(stream[at:])

    def gap() -> int:
        total = 0
        while (index := reader.index(gap_codes)) == SKIP:
            total += gap_table.span(SKIP)[0]
        return total + reader.number(gap_table, index)

    gaps, values = [gap()], []
    while sum(gaps) + len(values) < rows * weights:
        number = reader.number(weight_table, reader.index(weight_codes))
        values.append(number // 2 if number % 2 == 0 else -(number + 1) // 2)
        gaps.append(gap())
    if sum(gaps) + len(values) != rows * weights or len(reader.digits) - reader.at >= 8:
        raise IllegalError
    return _fill(gaps[:-1], values, rows, weights, capacity)

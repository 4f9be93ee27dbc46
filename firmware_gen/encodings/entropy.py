"""Gaps and weights in prefix codes, the smallest form; fp_entropy.h has the format."""

import numpy as np
import numpy.typing as npt

from firmware_gen.encodings.base import Encoding, Rows
from firmware_gen.encodings.gaps import gaps_and_weights, place
from firmware_gen.encodings.prefix_code import CLASSES, SPLITS, Code, Int64, Split, code_for, pack

_SKIP = CLASSES - 1
_LARGEST_WEIGHT = 255


def _encode(rows: Rows) -> bytes:
    gaps, weights = gaps_and_weights(rows)
    last = rows.size - int((gaps + 1).sum())
    gap_code, weight_code = _gap_code(np.append(gaps, last)), _weight_code(_numbers(weights))
    return gap_code.table + weight_code.table + _body(gap_code, weight_code, np.append(gaps, last), weights)


def _numbers(weights: npt.NDArray[np.int8]) -> Int64:
    """2w for positive weights, -2w - 1 for negative ones."""
    wide = weights.astype(np.int64)
    return np.where(wide > 0, 2 * wide, -2 * wide - 1)


def _gap_code(gaps: Int64) -> Code:
    """The code that takes the fewest bits, its table included."""

    def candidate(split: Split) -> tuple[int, Code]:
        skips, rest = np.divmod(gaps, split.first(_SKIP))
        counts = np.bincount(split.classes_of(rest), minlength=CLASSES)
        counts[_SKIP] += skips.sum()
        return _cost(split, counts, skip=True)

    return min((candidate(split) for split in SPLITS), key=lambda pair: pair[0])[1]


def _weight_code(numbers: Int64) -> Code:
    splits = [split for split in SPLITS if split.first(CLASSES) > _LARGEST_WEIGHT]
    candidates = (_cost(one, np.bincount(one.classes_of(numbers), minlength=CLASSES)) for one in splits)
    return min(candidates, key=lambda pair: pair[0])[1]


def _cost(split: Split, counts: Int64, *, skip: bool = False) -> tuple[int, Code]:
    code = code_for(split, counts)
    bits = 8 * len(code.table)
    for index, length in enumerate(code.lengths):
        extra = 0 if skip and index == _SKIP else split.extra(index)
        bits += int(counts[index]) * (length + extra)
    return bits, code


def _body(gap_code: Code, weight_code: Code, gaps: Int64, weights: npt.NDArray[np.int8]) -> bytes:
    """Gap, weight, …, gap; a long gap is several words, so each gets a row with a weight of no bits."""
    step = gap_code.split.first(_SKIP)
    skips, rest = np.divmod(gaps, step)
    ends = np.cumsum(skips + 1)
    values, sizes = (np.zeros(int(ends[-1]), np.int64) for _ in range(2))
    if len(gap_code.lengths) == CLASSES:
        values[:], sizes[:] = gap_code.codes[_SKIP], gap_code.lengths[_SKIP]
    values[ends - 1], sizes[ends - 1] = gap_code.words(rest, gap_code.split.classes_of(rest))
    numbers = _numbers(weights)
    weight_values, weight_sizes = np.zeros_like(values), np.zeros_like(sizes)
    behind = ends[:-1] - 1
    weight_values[behind], weight_sizes[behind] = weight_code.words(numbers, weight_code.split.classes_of(numbers))
    return pack([(values, sizes), (weight_values, weight_sizes)])


class _Bits:
    """A stream, highest bit first."""

    def __init__(self, data: bytes) -> None:
        self.bits = np.unpackbits(np.frombuffer(data, np.uint8)).tolist()
        self.at = 0

    def take(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        if self.at + count > len(self.bits):
            raise ValueError("the stream ends too early")
        self.at += count
        return int("0" + "".join(map(str, self.bits[self.at - count : self.at])), 2)

    def symbol(self, code: Code) -> int:
        """The class whose code comes next."""
        known = {(length, value): i for i, (length, value) in enumerate(zip(code.lengths, code.codes, strict=True))}
        value = length = 0
        while (length, value) not in known or length == 0:
            value, length = value << 1 | self.take(1), length + 1
        return known[length, value]


def _read_code(data: bytes, at: int) -> tuple[Code, int]:
    count = data[at + 1]
    end = at + 2 + (count + 1) // 2
    nibbles = [nibble for byte in data[at + 2 : end] for nibble in (byte & 15, byte >> 4)]
    return Code(Split(data[at] >> 4, data[at] & 15), tuple(nibbles[:count])), end


def _read_gap(bits: _Bits, code: Code) -> int:
    gap = 0
    while (index := bits.symbol(code)) == _SKIP:
        gap += code.split.first(_SKIP)
    return gap + code.split.first(index) + bits.take(code.split.extra(index))


def _decode(data: bytes, channels: int, per_channel: int) -> Rows:
    gap_code, at = _read_code(data, 0)
    weight_code, at = _read_code(data, at)
    bits = _Bits(data[at:])
    gaps = [_read_gap(bits, gap_code)]
    weights: list[int] = []
    while sum(gaps) + len(weights) < channels * per_channel:
        index = bits.symbol(weight_code)
        number = weight_code.split.first(index) + bits.take(weight_code.split.extra(index))
        weights.append(number >> 1 if number % 2 == 0 else -(number + 1 >> 1))
        gaps.append(_read_gap(bits, gap_code))
    if len(bits.bits) - bits.at >= 8:
        raise ValueError(f"{len(bits.bits) - bits.at} bits left over")
    return place(gaps[:-1], np.array(weights, np.int8), channels, per_channel)


ENTROPY = Encoding(
    "entropy", "FP_ENCODING_ENTROPY", _encode, _decode, table_bytes=768, decoder_bytes=1680, define="FP_WITH_ENTROPY"
)

"""Prefix codes over classes of numbers, as the entropy coder uses them; fp_entropy.h describes the table.

Code lengths are optimal under a limit: L. L. Larmore and D. S. Hirschberg, "A fast algorithm for optimal length-limited
Huffman codes", Journal of the ACM 37 (1990).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CLASSES = 32
MAX_LENGTH = 8
LINEAR = 7

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """How numbers are cut into classes; ``m`` and ``k`` as fp_entropy.h has them."""

    m: int
    k: int

    def first(self, index: int) -> int:
        """Smallest number of a class."""
        if self.m == LINEAR:
            return index << self.k
        if index < 1 << self.k:
            return index
        octave, step = divmod(index - (1 << self.k), 1 << self.m)
        return ((1 << self.m) + step) << (self.k + octave - self.m)

    def extra(self, index: int) -> int:
        """Plain bits behind the code of a class."""
        if self.m == LINEAR:
            return self.k
        return 0 if index < 1 << self.k else self.k + (index - (1 << self.k) >> self.m) - self.m

    def classes_of(self, numbers: Int64) -> Int64:
        """The class of each number; :data:`CLASSES` and above for those beyond the last one."""
        firsts = np.array([self.first(index) for index in range(CLASSES + 1)])
        return np.searchsorted(firsts, numbers, side="right") - 1


SPLITS = (*(Split(m, k) for m in (1, 2, 3) for k in range(m + 1, 6)), *(Split(LINEAR, k) for k in range(3, 8)))


@dataclass(frozen=True)
class Code:
    """A code table.

    Attributes:
        split: the classes.
        lengths: of their codes, 0 for none.
    """

    split: Split
    lengths: tuple[int, ...]

    @property
    def table(self) -> bytes:
        """As it goes to flash."""
        nibbles = (*self.lengths, *(0,) * (len(self.lengths) % 2))
        pairs = (low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
        return bytes([self.split.m << 4 | self.split.k, len(self.lengths), *pairs])

    @property
    def codes(self) -> tuple[int, ...]:
        """The canonical codes, right-aligned."""
        codes = [0] * len(self.lengths)
        code = length = 0
        for index in sorted((i for i, one in enumerate(self.lengths) if one), key=lambda i: (self.lengths[i], i)):
            code <<= self.lengths[index] - length
            length = self.lengths[index]
            codes[index] = code
            code += 1
        return tuple(codes)

    def words(self, numbers: Int64, classes: Int64) -> tuple[Int64, Int64]:
        """Bits of each number, code first, and how many they are."""
        indices = range(len(self.lengths))
        first, extra = (np.array([each(i) for i in indices]) for each in (self.split.first, self.split.extra))
        lengths, codes = np.array(self.lengths), np.array(self.codes)
        bits = codes[classes] << extra[classes] | (numbers - first[classes])
        return bits, lengths[classes] + extra[classes]


def code_for(split: Split, counts: Int64) -> Code:
    """The best code for classes that occur ``counts`` (classes,) times; at least two get one."""
    used = np.flatnonzero(counts).tolist()
    unused = [index for index in range(2) if index not in used]
    chosen = sorted(used + unused[: max(2 - len(used), 0)])
    lengths = [0] * (max(chosen) + 1)
    for index, length in zip(chosen, code_lengths([int(counts[index]) for index in chosen]), strict=True):
        lengths[index] = length
    return Code(split, tuple(lengths))


def code_lengths(counts: list[int]) -> list[int]:
    """Lengths of at most :data:`MAX_LENGTH` that spend the fewest bits, by package-merge; two counts or more."""
    items = sorted((count, (index,)) for index, count in enumerate(counts))
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(MAX_LENGTH):
        merged = sorted([*items, *packages], key=lambda item: item[0])
        packages = [(one[0] + two[0], one[1] + two[1]) for one, two in zip(merged[::2], merged[1::2], strict=False)]
    lengths = [0] * len(counts)
    for _, members in packages[: len(counts) - 1]:
        for index in members:
            lengths[index] += 1
    return lengths


def pack(words: Iterable[tuple[Int64, Int64]]) -> bytes:
    """Join (bits, how many) arrays of one length, element by element in turn; highest bit first, zeros at the end."""
    columns = list(words)
    values = np.stack([value for value, _ in columns], axis=1).reshape(-1)
    sizes = np.stack([size for _, size in columns], axis=1).reshape(-1)
    ends = np.cumsum(sizes)
    shifts = np.repeat(ends, sizes) - 1 - np.arange(int(ends[-1]) if len(ends) else 0)
    return np.packbits((np.repeat(values, sizes) >> shifts & 1).astype(np.uint8)).tobytes()

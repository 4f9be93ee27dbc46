"""Damage to model files, drawn from a seed: single bits, bytes, words that matter, moved pieces, cuts."""

import random
import struct

WORDS = (0, 1, 2, 3, 4, 8, 127, 128, 255, 256, 65535, 65536, 0x10000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
FLOATS = tuple(struct.unpack("<I", struct.pack("<f", value))[0] for value in (0.0, -1.0, 1e-45, 3e38, float("inf")))
NAN = 0x7FC00000


def mutant(model: bytes, rng: random.Random) -> bytes:
    """One damaged file; a few places at most, so that many get past the first checks."""
    data = bytearray(model)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if len(data) < 16:
            break
        rng.choice(_DAMAGES)(data, rng)
    return bytes(data)


def _bit(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def _word(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) - 4) & ~3
    data[at : at + 4] = rng.choice((*WORDS, *FLOATS, NAN)).to_bytes(4, "little")


def _half(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) - 2) & ~1
    data[at : at + 2] = (rng.choice(WORDS) & 0xFFFF).to_bytes(2, "little")


def _step(data: bytearray, rng: random.Random) -> None:
    """Offsets that point next to where they should."""
    at = rng.randrange(len(data) - 4) & ~3
    value = int.from_bytes(data[at : at + 4], "little") + rng.choice((-8, -4, -1, 1, 4, 8))
    data[at : at + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")


def _move(data: bytearray, rng: random.Random) -> None:
    length, source, target = rng.randrange(1, 32), rng.randrange(len(data)), rng.randrange(len(data))
    data[target : target + length] = data[source : source + length]


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


_DAMAGES = (_bit, _byte, _word, _word, _half, _step, _move, _cut)

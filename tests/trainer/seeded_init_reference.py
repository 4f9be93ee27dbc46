"""docs/seeded-init.md once more, in plain Python numbers; ``python seeded_init_reference.py`` prints the vectors.

Only Python's own integers and floats are used. A double's division, square root or product of binary32 numbers,
rounded once more to binary32, is the correctly rounded result: 53 bits are at least 2 * 24 + 2.
"""

import json
import math
import struct
from typing import Any, NamedTuple

WORD = 2**32
# Published with Random123 (file kat_vectors): counter, key, output.
KNOWN_ANSWERS = (
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
)
PLACES = (
    (0, 0, 0, 1),
    (1, 0, 0, 9),
    (1, 0, 1, 9),
    (1, 0, 2, 9),
    (1, 0, 3, 9),
    (1, 0, 4, 9),
    (1, 2, 9215, 144),
    (2**64 - 1, 6, 294911, 256),
    (0x0123456789ABCDEF, 2**32 - 1, 2**34 + 3, 1152),
    (7, 3, 2**64 - 1, 2**24),
)


class Unit(NamedTuple):
    """One output unit of a tensor of shape (inputs, outputs), and the inputs it keeps."""

    seed: int
    tensor: int
    inputs: int
    outputs: int
    unit: int
    kept: tuple[int, ...]


UNITS = (
    Unit(1, 0, 9, 16, 0, (0,)),
    Unit(1, 0, 9, 16, 15, (0, 1, 2, 3, 4, 5, 6, 7, 8)),
    Unit(2**63, 2, 144, 64, 7, (3, 64, 70, 143)),
    Unit(5, 4, 251, 10, 3, tuple(range(0, 251, 2))),
    Unit(5, 4, 251, 10, 4, ()),
)


def philox(counter: list[int], key: list[int]) -> list[int]:
    a, b, c, d = counter
    left, right = key
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = second // WORD ^ b ^ left, second % WORD, first // WORD ^ d ^ right, first % WORD
        left, right = (left + 0x9E3779B9) % WORD, (right + 0xBB67AE85) % WORD
    return [a, b, c, d]


def word(seed: int, tensor: int, index: int) -> int:
    high, low = divmod(index // 4, WORD)
    return philox([low, high, tensor, int.from_bytes(b"FPI1", "big")], [seed % WORD, seed // WORD])[index % 4]


def single(value: float) -> float:
    """The nearest binary32 number."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def weight(seed: int, tensor: int, index: int, fan_in: int) -> float:
    odd = 2 * (word(seed, tensor, index) // 256) - (2**24 - 1)
    limit = single(math.sqrt(single(6 / fan_in)))
    return single(odd * (limit / 2**24))


def scale(weights: list[float]) -> float:
    energy = 0.0
    for value in weights:
        energy = single(energy + single(value * value))
    return single(math.sqrt(single(2 / energy))) if weights else 1.0


def unit_weights(unit: Unit) -> list[float]:
    places = [row * unit.outputs + unit.unit for row in unit.kept]
    return [weight(unit.seed, unit.tensor, place, unit.inputs) for place in places]


def bits(value: float) -> str:
    return struct.pack(">f", value).hex()


def vectors() -> dict[str, Any]:
    """The content of docs/seeded-init-vectors.json."""
    philox_rows = [
        dict(zip(("counter", "key", "output"), (text.split() for text in row), strict=True)) for row in KNOWN_ANSWERS
    ]
    at = [{"seed": str(s), "tensor": t, "index": str(i)} for s, t, i, _ in PLACES]
    words = [{**a, "word": f"{word(s, t, i):08x}"} for a, (s, t, i, _) in zip(at, PLACES, strict=True)]
    weights = [{**a, "fan_in": place[3], "weight": bits(weight(*place))} for a, place in zip(at, PLACES, strict=True)]
    return {
        "version": 1,
        "philox": philox_rows,
        "words": words,
        "weights": weights,
        "units": [_unit(unit) for unit in UNITS],
    }


def _unit(unit: Unit) -> dict[str, Any]:
    weights = unit_weights(unit)
    factor = scale(weights)
    return {
        "seed": str(unit.seed),
        "tensor": unit.tensor,
        "shape": [unit.inputs, unit.outputs],
        "unit": unit.unit,
        "kept": list(unit.kept),
        "scale": bits(factor),
        "initial": [bits(single(value * factor)) for value in weights],
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))

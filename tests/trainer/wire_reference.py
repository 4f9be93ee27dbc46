"""docs/wire.md once more, in plain Python: an independent computation for tests, and the maker of its vectors."""

import json
import math
import struct
from typing import Any

BLOCK = 128
TINY = 2.0**-126
NAN = struct.unpack("<f", bytes.fromhex("0000c07f"))[0]


def single(value: float) -> float:
    """The nearest binary32; Python's doubles make sums, products and quotients of two binary32 come out right."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def half(value: float) -> bytes:
    try:
        return struct.pack("<e", value)
    except OverflowError:
        return struct.pack("<e", math.copysign(math.inf, value))


def write(encoding: str, values: list[float]) -> bytes:
    if encoding == "float32":
        return struct.pack(f"<{len(values)}f", *values)
    if encoding == "float16":
        return b"".join(half(value) for value in values)
    return b"".join(_write_block(values[at : at + BLOCK]) for at in range(0, len(values), BLOCK))


def _write_block(block: list[float]) -> bytes:
    if not all(math.isfinite(value) for value in block):
        return struct.pack("<f", NAN) + bytes(len(block))
    scale = single(max(abs(value) for value in block) / 127)
    if scale < TINY:
        return bytes(4 + len(block))
    # Python's round() takes ties to the even number.
    steps = [max(-127, min(127, round(single(value / scale)))) for value in block]
    return struct.pack(f"<f{len(block)}b", scale, *steps)


def read(encoding: str, payload: bytes, count: int) -> list[float]:
    if encoding != "int8":
        return list(struct.unpack(f"<{count}{'f' if encoding == 'float32' else 'e'}", payload))
    values: list[float] = []
    while payload:
        size = min(BLOCK, count - len(values))
        scale, *steps = struct.unpack(f"<f{size}b", payload[: 4 + size])
        values += [single(scale * step) for step in steps]
        payload = payload[4 + size :]
    return values


def update(
    encoding: str, trained: list[float], received: list[float], residual: list[float]
) -> tuple[bytes, list[float]]:
    if encoding == "float32":
        return write(encoding, trained), residual
    rows = zip(trained, received, residual, strict=True)
    wanted = [single(single(t - r) + e) for t, r, e in rows]
    payload = write(encoding, wanted)
    kept = zip(wanted, read(encoding, payload, len(wanted)), strict=True)
    return payload, [single(w - sent) for w, sent in kept]


def updated(encoding: str, payload: bytes, own: list[float]) -> list[float]:
    got = read(encoding, payload, len(own))
    return got if encoding == "float32" else [single(w + d) for w, d in zip(own, got, strict=True)]


def wave(count: int, size: float) -> list[float]:
    """Values without pattern and without chance."""
    return [single(size * math.sin(1.7 * at * at) / (1 + at % 7)) for at in range(count)]


CASES = {
    "mixed": [0.0, 1.0, -1.0, 0.5, -127.0, 126.5, 63.5, -62.5, 1e-3],
    "zeros": [0.0] * 3,
    "ties": [127.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5],
    "subnormal": [single(100 * 2.0**-126), -single(2.0**-149)],
    "smallest scale": [single(127 * 2.0**-126), single(-(2.0**-125))],
    "two blocks": wave(131, 0.3),
}
FAULTS = (
    ("float32", 2, "0000803f"),
    ("float16", 2, "003c00"),
    ("float16", 1, "007c"),
    ("float16", 1, "007e"),
    ("int8", 1, "0000803f"),
    ("int8", 1, "0000c07f00"),
    ("int8", 1, "0000807f01"),
    ("int8", 1, "000080bf01"),
    ("int8", 1, "0000008000"),
    ("int8", 1, "0100000001"),
    ("int8", 1, "0000803f80"),
    ("int8", 1, "ffff7f7f7f"),
)


def bits(values: list[float]) -> list[str]:
    return [struct.pack(">f", value).hex() for value in values]


def vectors() -> dict[str, Any]:
    """The content of docs/wire-vectors.json."""
    encodings = ("float32", "float16", "int8")
    return {
        "version": 1,
        "values": [_case(name, values) for name in encodings for values in CASES.values()],
        "faults": [dict(zip(("encoding", "count", "payload"), fault, strict=True)) for fault in FAULTS],
        "updates": [_updates(name) for name in encodings],
    }


def _case(encoding: str, values: list[float]) -> dict[str, Any]:
    payload = write(encoding, values)
    got = read(encoding, payload, len(values))
    return {"encoding": encoding, "values": bits(values), "payload": payload.hex(), "read": bits(got)}


def _updates(encoding: str) -> dict[str, Any]:
    own = wave(5, 0.4)
    received, residual, rounds = read(encoding, write(encoding, own), 5), [0.0] * 5, []
    for size in (0.01, 0.02):
        trained = [single(r + c) for r, c in zip(received, wave(5, size), strict=True)]
        payload, residual = update(encoding, trained, received, residual)
        rounds.append(
            {
                "received": bits(received),
                "trained": bits(trained),
                "payload": payload.hex(),
                "residual": bits(residual),
                "updated": bits(updated(encoding, payload, own)),
            }
        )
    return {"encoding": encoding, "own": bits(own), "rounds": rounds}


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))

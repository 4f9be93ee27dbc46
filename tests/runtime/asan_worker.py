"""Run the runtime's cases under AddressSanitizer, every buffer a heap block of exactly its size.

Started by test_memory_safety.py with libasan preloaded: ``asan_worker.py LIBRARY cases|PROBE``.
Prints how many cases passed.
"""

import ctypes
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from conv_cases import GEOMETRIES
from damaged_layers import DAMAGED, damaged_layers
from runtime_layers import Layer
from runtime_structs import (
    ARENA_SLACK,
    ENCODING_ENTROPY,
    FP_ERR_ENCODING,
    FP_OK,
    READER_BYTES,
    TAP_END,
    HostConv,
    TapGeometry,
)
from weight_streams import encode

LIBC: Any = ctypes.CDLL(None)  # malloc is AddressSanitizer's, as libasan is preloaded
LIBC.malloc.restype = ctypes.c_void_p
LIBC.malloc.argtypes = [ctypes.c_size_t]
LIBC.free.argtypes = [ctypes.c_void_p]


class Heap:
    """Blocks of exact size, freed together."""

    def __init__(self) -> None:
        self._blocks: list[int] = []

    def place(self, data: bytes) -> int:
        address = int(LIBC.malloc(len(data)))
        ctypes.memmove(address, data, len(data))
        self._blocks.append(address)
        return address

    def free(self) -> None:
        for block in self._blocks:
            LIBC.free(block)


def run_layer(
    library: Any,
    layer: Layer,
    *,
    slack: int = ARENA_SLACK,
    out_missing: int = 0,
    weights_missing: int = 0,
    legal: bool = True,
) -> bool:
    """Whether fp_conv_run gives the expected output, or refuses a stream that is not legal."""
    heap = Heap()
    conv = layer.struct(HostConv, heap.place)
    if weights_missing:
        conv.weights = heap.place(layer.stream[:-weights_missing])
    source = heap.place(layer.in_plane.pack(layer.x).tobytes() + b"\xaa" * slack)
    out = heap.place(b"\xaa" * (layer.out_plane.bytes - out_missing))
    scratch = heap.place(b"\xaa" * layer.scratch_bytes)
    pointers = [ctypes.c_void_p(p) for p in (source, out, scratch)]
    status = library.fp_conv_run(ctypes.byref(conv), *pointers)
    result = ctypes.string_at(out, layer.out_plane.bytes - out_missing)
    heap.free()
    if not legal:
        return bool(status == FP_ERR_ENCODING)
    return status == FP_OK and result == layer.expected().tobytes()


def noise(rng: np.random.Generator, encoding: int) -> bytes:
    """Random bytes; behind legal tables where it takes luck to get past those."""
    data = rng.integers(0, rng.choice([4, 256]), rng.integers(0, 40)).astype(np.uint8).tobytes()
    if encoding != ENCODING_ENTROPY or rng.random() < 0.2:
        return data
    weights = rng.integers(-128, 128, (1, int(rng.integers(1, 60)))).astype(np.int8)
    stream = encode(weights * (rng.random(weights.shape) < 0.3), encoding)
    return stream[: rng.integers(0, len(stream) + 1)] + data


def expand_noise(library: Any, rng: np.random.Generator) -> bool:
    """Random bytes to the expanders, in blocks of exactly their size; whether every list is closed."""
    heap = Heap()
    encoding, capacity = int(rng.integers(0, 5)), int(rng.integers(0, 12))
    data = noise(rng, encoding)
    reader = heap.place(bytes(READER_BYTES))
    tables = heap.place(bytes(library.fp_reader_table_bytes(encoding)))
    start = ctypes.c_void_p(heap.place(data))
    taps = heap.place(bytes(4 * (capacity + 1)))
    offsets = heap.place(np.arange(9, dtype=np.uint32).tobytes())
    geometry = TapGeometry(offsets, 9, 100, int(rng.integers(1, 3000)))
    closed = True
    opened = library.fp_reader_open(ctypes.c_void_p(reader), encoding, start, len(data), ctypes.c_void_p(tables))
    for _ in range(3 if opened == FP_OK else 0):
        ctypes.memset(taps, 0, 4 * (capacity + 1))
        pointers = (ctypes.c_void_p(reader), ctypes.byref(geometry), ctypes.c_void_p(taps))
        status = library.fp_taps_expand(*pointers, capacity)
        closed = closed and TAP_END in np.frombuffer(ctypes.string_at(taps, 4 * (capacity + 1)), np.uint32)
        if status != FP_OK:
            break
    heap.free()
    return closed


def run_damaged(library: Any) -> int:
    return sum(
        run_layer(library, layer, slack=slack, legal=legal)
        for geometry, slack in DAMAGED
        for layer, legal in damaged_layers(geometry, 150)
    )


def run_cases(library: Any) -> int:
    rng = np.random.default_rng(7)
    passed = sum(run_layer(library, Layer(geometry)) for geometry in GEOMETRIES)
    return passed + run_damaged(library) + sum(expand_noise(library, rng) for _ in range(6000))


SMALL = next(g for g in GEOMETRIES if g.name == "two by two")


def run_probe(library: Any, probe: str) -> None:
    """Something AddressSanitizer must not let pass."""
    layer = Layer(SMALL)
    if probe == "output a byte short":
        run_layer(library, layer, out_missing=1)
    elif probe == "weights end before they claim to":
        run_layer(library, layer, weights_missing=5)
    elif probe == "no slack behind the input":
        run_layer(library, Layer(replace(SMALL, name="no slack", size=(1, 5), density=1.0)), slack=0)
    else:
        raise SystemExit(f"no probe is called {probe!r}")


def main() -> None:
    library = ctypes.CDLL(str(Path(sys.argv[1])))
    if sys.argv[2] == "cases":
        print(run_cases(library))
    else:
        run_probe(library, sys.argv[2])


if __name__ == "__main__":
    main()

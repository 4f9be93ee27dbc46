"""The runtime compiled for this machine and loaded with ctypes."""

import ctypes
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from runtime_layers import Layer
from runtime_structs import ARENA_SLACK, FP_OK, HostConv, Plane, PlaneStruct

from firmware_gen.runtime_files import library_files

REPOSITORY = Path(__file__).resolve().parents[2]
RUNTIME = REPOSITORY / "firmware_gen" / "runtime"
MESSAGES = "fp_messages.h"  # generated: what needs it, if by another header, belongs to the link


def needs_messages(file: Path) -> bool:
    """Whether a file of the runtime includes the table of messages, or a header that does."""
    included = re.findall(r'^#include "(.+)"', file.read_text(), re.MULTILINE)
    headers = (RUNTIME / folder / name for name in included for folder in ("include", "src"))
    return MESSAGES in included or any(needs_messages(header) for header in headers if header.is_file())


LINK = tuple(path.stem for path in sorted(RUNTIME.glob("*/fp_*.[ch]")) if needs_messages(path))
KERNELS = [path.stem.removeprefix("fp_") for path in sorted((RUNTIME / "src").glob("*.c")) if path.stem not in LINK]
# What the tests of inference link.
SOURCES = [
    *(path for path in library_files()[1] if path.suffix == ".c" and path.stem != "fp_net"),
    Path(__file__).with_name("probes.c"),
]
WARNINGS = (
    *("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Wdouble-promotion"),
    *("-Wmissing-prototypes", "-Werror"),
)
INCLUDES = (f"-I{RUNTIME / 'include'}", f"-I{RUNTIME / 'src'}")
UNDEFINED = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
ADDRESS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
POISON = 0xAA

# The walk over output positions is chosen when the driver is compiled.
VARIANTS = {"reference": "-DFP_REFERENCE_KERNELS", "fast": "-UFP_REFERENCE_KERNELS", "mve": "-DFP_MVE_KERNELS=1"}


def compile_host(folder: Path, variant: str, sanitizers: tuple[str, ...]) -> Path:
    """A shared library of one variant; returns its path."""
    library = folder / f"runtime_{variant}.so"
    options = ("-O1", "-g", "-shared", "-fPIC", VARIANTS[variant])
    command = ["gcc", *WARNINGS, *sanitizers, *options, *INCLUDES, "-o", str(library), *map(str, SOURCES)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return library


@dataclass
class HostRuntime:
    """A loaded library; arrays stay alive as long as the call that reads them."""

    library: Any

    @classmethod
    def load(cls, path: Path) -> "HostRuntime":
        library = ctypes.CDLL(str(path))
        library.fp_conv_scratch_bytes.restype = ctypes.c_uint32
        return cls(library)

    def run_layer(self, layer: Layer) -> NDArray[np.int8]:
        """The planar output of fp_conv_run; every buffer around it is checked for stray writes."""
        status, out = self.try_layer(layer)
        assert status == FP_OK
        return out

    def try_layer(self, layer: Layer) -> tuple[int, NDArray[np.int8]]:
        """fp_conv_run's status, and its planar output where that is FP_OK."""
        kept: list[Any] = []

        def place(data: bytes) -> int:
            kept.append(ctypes.create_string_buffer(data, max(len(data), 1)))
            return ctypes.addressof(kept[-1])

        conv = layer.struct(HostConv, place)
        assert self.library.fp_conv_scratch_bytes(ctypes.byref(conv)) == layer.scratch_bytes
        source = guarded(layer.in_plane.pack(layer.x))
        before = source.copy()
        out = guarded(np.full(layer.out_plane.bytes, POISON, np.uint8).view(np.int8))
        scratch = guarded(np.full(layer.scratch_bytes, POISON, np.uint8).view(np.int8))
        status = self.library.fp_conv_run(ctypes.byref(conv), inside(source), inside(out), inside(scratch))
        assert np.array_equal(source, before), "the input changed"
        assert_guards_intact(out)
        assert_guards_intact(scratch)
        return int(status), out[GUARD:-GUARD].copy()


GUARD = 64
assert GUARD >= ARENA_SLACK


def guarded(data: NDArray[np.int8]) -> NDArray[np.int8]:
    """``data`` between two stretches of poison."""
    poison = np.full(GUARD, POISON, np.uint8).view(np.int8)
    return np.concatenate([poison, data, poison])


def inside(buffer: NDArray[np.int8]) -> ctypes.c_void_p:
    return ctypes.c_void_p(buffer.ctypes.data + GUARD)


def assert_guards_intact(buffer: NDArray[np.int8]) -> None:
    raw = buffer.view(np.uint8)
    assert (raw[:GUARD] == POISON).all(), "written before the buffer"
    assert (raw[-GUARD:] == POISON).all(), "written past the buffer"


def plane_struct(plane: Plane, **changes: int) -> PlaneStruct:
    """The plane's struct with some fields replaced."""
    struct = plane.struct()
    for name, value in changes.items():
        setattr(struct, name, value)
    return struct

"""Builds generated libraries for this machine and calls them."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
from native_model import WARNINGS

C_ONLY = ("-Wmissing-prototypes",)
CXX_WARNINGS = tuple(flag for flag in WARNINGS if flag not in C_ONLY)
ARENA_ALIGNMENT = 8


class Net(ctypes.Structure):
    """``fp_net``."""

    _fields_ = (("model", ctypes.c_void_p), ("arena", ctypes.c_void_p))


def sources(library: Path) -> list[str]:
    return [str(path) for path in sorted((library / "src").glob("*.c"))]


def run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]


def shared_object(library: Path, work: Path, *flags: str) -> ctypes.CDLL:
    """The whole library, plain layout, as one shared object."""
    target = work / "library.so"
    run("gcc", "-std=c99", "-O2", "-fPIC", "-shared", *WARNINGS, *flags,
        f"-I{library / 'include'}", *sources(library), "-o", target)  # fmt: skip
    return ctypes.CDLL(str(target))


def aligned(size: int) -> tuple[ctypes.Array, int]:
    """Memory full of rubbish, and the address in it that is aligned for an arena."""
    memory = (ctypes.c_uint8 * (size + 2 * ARENA_ALIGNMENT))(*([0xAA] * (size + 2 * ARENA_ALIGNMENT)))
    return memory, -(-ctypes.addressof(memory) // ARENA_ALIGNMENT) * ARENA_ALIGNMENT


class LibraryModel:
    """One model of a loaded library, over an arena of the test's."""

    def __init__(self, library: ctypes.CDLL, stem: str, arena: int, size: int) -> None:
        self.net = Net()
        self._init = getattr(library, f"{stem}_init")
        self._invoke = getattr(library, f"{stem}_invoke")
        self.status = self._init(ctypes.byref(self.net), ctypes.c_void_p(arena), ctypes.c_uint32(size))

    def invoke(self, sample: np.ndarray, outputs: int) -> tuple[int, np.ndarray]:
        """Status and output bytes."""
        given = np.ascontiguousarray(sample, np.int8)
        result = np.zeros(outputs, np.int8)
        status = self._invoke(
            ctypes.byref(self.net), given.ctypes.data_as(ctypes.c_void_p), result.ctypes.data_as(ctypes.c_void_p)
        )
        return status, result

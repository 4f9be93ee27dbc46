"""Learners compiled for this machine and loaded with ctypes: generated data, the runtime, one library each."""

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_gen.learner import BakedMask, LearnerDescription, LearnerPlan, render_learner

REPOSITORY = Path(__file__).resolve().parents[2]
RUNTIME = REPOSITORY / "firmware_gen" / "runtime"
CORE = ("fp_learner", "fp_layers", "fp_sparse", "fp_float", "fp_seeded", "fp_wire", "fp_cross_entropy", "fp_synflow")
SOURCES = [
    path for path in sorted((RUNTIME / "src").glob("*.c")) if path.stem == "fp_crc32" or path.stem.startswith(CORE)
]
PROBES = Path(__file__).with_name("learner_probes.c")
INCLUDES = (f"-I{RUNTIME / 'include'}", f"-I{RUNTIME / 'src'}")
WARNINGS = (
    *("-std=c99", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla"),
    *("-Wdouble-promotion", "-Wmissing-prototypes", "-Werror"),
)
SANITIZERS = ("-fsanitize=undefined", "-fno-sanitize-recover=all")

FP_OK, ARGUMENT, ENCODING, CAPACITY, STATE, NUMBER, STOPPED, COLLAPSED = 0, -1, -2, -3, -4, -5, -6, -7
WIRE = {"float32": 0, "float16": 1, "int8": 2}

PROGRESS = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)
_U16, _U32, _F = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_float


class TrainWork(ctypes.Structure):
    _fields_ = (
        *(("epochs", _U16), ("batch_size", _U16), ("learning_rate", _F), ("momentum", _F), ("weight_decay", _F)),
        *(("proximal", _F), ("moved", ctypes.c_bool)),
    )


class Memory(ctypes.Structure):
    _fields_ = (("first", ctypes.c_void_p), ("second", ctypes.c_void_p), ("first_bytes", _U32), ("second_bytes", _U32))


class TrainResult(ctypes.Structure):
    _fields_ = (("loss", _F), ("samples", _U32), ("seen", _U32))


class Evaluation(ctypes.Structure):
    _fields_ = (("samples", _U32), ("correct", _U32), ("loss", _F))


class SeedRequest(ctypes.Structure):
    _fields_ = (("seed", ctypes.c_uint64), ("keep", ctypes.c_void_p), ("iterations", _U32))


POISON = 0xAAAAAAAAAAAAAAAA


def poisoned(size: int) -> NDArray[np.uint64]:
    """A piece of memory, and what nobody may write behind it."""
    return np.full(size // 8 + 16, POISON, np.uint64)


class LearnerError(Exception):
    """A status other than FP_OK."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call} returned {status}")
        self.status = status


@cache
def objects(sanitizers: tuple[str, ...] = SANITIZERS, options: tuple[str, ...] = ("-O1", "-g")) -> tuple[str, ...]:
    """The runtime's object files, compiled once for all learners."""
    folder = Path(mkdtemp(prefix="learner"))
    command = ["gcc", *WARNINGS, *sanitizers, *options, "-fPIC", *INCLUDES, "-c", *map(str, [*SOURCES, PROBES])]
    subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    return tuple(sorted(map(str, folder.glob("*.o"))))


def compile_learner(sources: dict[str, str], folder: Path, sanitizers: tuple[str, ...] = SANITIZERS) -> Path:
    """A shared library of one learner."""
    for name, text in sources.items():
        (folder / name).write_text(text)
    library = folder / f"learner{len(list(folder.glob('*.so')))}.so"  # a loaded file must not change
    options = (*WARNINGS, *sanitizers, "-O1", "-g", "-shared", "-fPIC", *INCLUDES, f"-I{folder}")
    data = str(folder / "fp_learner_data.c")
    subprocess.run(["gcc", *options, "-o", str(library), data, *objects(sanitizers)], check=True, capture_output=True)
    return library


@dataclass
class HostLearner:
    """One learner with its memory; every call that is refused raises LearnerError."""

    description: LearnerDescription
    plan: LearnerPlan
    library: Any
    learner: Any
    first: NDArray[np.uint64]
    second: NDArray[np.uint64]

    @classmethod
    def build(
        cls, description: LearnerDescription, plan: LearnerPlan, folder: Path, mask: BakedMask | None = None
    ) -> "HostLearner":
        library = ctypes.CDLL(str(compile_learner(render_learner(description, plan, mask), folder)))
        library.fp_learner_values.restype = library.fp_learner_logits.restype = ctypes.c_void_p
        library.fp_learner_residual.restype = library.learner_velocity.restype = ctypes.c_void_p
        library.fp_learner_mask_fingerprint.restype = ctypes.c_uint32
        pieces = poisoned(plan.bytes), poisoned(plan.second_bytes)
        made = cls(description, plan, library, ctypes.create_string_buffer(library.learner_bytes()), *pieces)
        memory = Memory(*(piece.ctypes.data for piece in pieces), plan.bytes, plan.second_bytes)
        spec = ctypes.byref(ctypes.c_char.in_dll(library, "fp_generated_learner"))
        made.check("fp_learner_init", spec, ctypes.byref(memory))
        return made

    def try_(self, name: str, *arguments: Any) -> int:
        """The status of a call on this learner."""
        status = int(getattr(self.library, name)(self.learner, *arguments))
        for piece, size in ((self.first, self.plan.bytes), (self.second, self.plan.second_bytes)):
            assert (piece[size // 8 :] == POISON).all(), "written past its memory"
        return status

    def check(self, name: str, *arguments: Any) -> None:
        status = self.try_(name, *arguments)
        if status != FP_OK:
            raise LearnerError(name, status)

    # --- masks and values ---

    def load_mask(self, payload: bytes, piece: int = 1000) -> None:
        self.check("fp_learner_mask_begin")
        for at in range(0, len(payload), piece):
            part = payload[at : at + piece]
            self.check("fp_learner_mask_put", at, part, len(part))
        self.check("fp_learner_mask_end")

    def seed(self, seed: int, keep: list[int], progress: Callable[[int, int], bool] | None = None) -> None:
        wanted = np.array(keep, np.uint32)
        request = SeedRequest(seed, wanted.ctypes.data, len(keep))
        callback = PROGRESS(lambda _, done, total: progress is None or progress(done, total))
        self.check("fp_learner_seed", ctypes.byref(request), callback, None)

    def draw(self, seed: int, *, rescale: bool = True) -> None:
        self.check("fp_learner_draw", ctypes.c_uint64(seed), ctypes.c_bool(rescale))

    @property
    def fingerprint(self) -> int:
        return int(self.library.fp_learner_mask_fingerprint(self.learner))

    @property
    def count(self) -> int:
        return int(self.library.fp_learner_value_count(self.learner))

    def _floats(self, address: int) -> NDArray[np.float32]:
        return np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (self.count,)).copy()

    @property
    def values(self) -> NDArray[np.float32] | None:
        address = self.library.fp_learner_values(self.learner)
        return None if address is None else self._floats(address)

    @property
    def velocity(self) -> NDArray[np.float32]:
        return self._floats(self.library.learner_velocity(self.learner))

    @property
    def residual(self) -> NDArray[np.float32]:
        return self._floats(self.library.fp_learner_residual(self.learner))

    def logits(self, sample: int) -> NDArray[np.float32]:
        address = self.library.fp_learner_logits(self.learner, sample)
        pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (self.description.classes,)).copy()

    # --- rounds ---

    def push(self, payload: bytes, encoding: str = "float32", piece: int = 1000) -> None:
        self.check("fp_learner_round_begin", WIRE[encoding])
        for at in range(0, len(payload), piece):
            part = payload[at : at + piece]
            self.check("fp_learner_payload_put", at, part, len(part))
        self.check("fp_learner_payload_end")

    def pull(self) -> bytes:
        self.check("fp_learner_update_begin")
        out = ctypes.create_string_buffer(self.library.fp_learner_update_bytes(self.learner))
        self.check("fp_learner_update_get", 0, out, len(out))
        return out.raw

    # --- samples ---

    def give(self, samples: NDArray[Any], labels: NDArray[np.integer], piece: int = 777) -> None:
        """Samples as they are stored: bytes, or little-endian floats."""
        data = samples.tobytes()
        for at in range(0, len(data), piece):
            part = data[at : at + piece]
            self.check("fp_learner_sample_put", at, part, len(part))
        self.check("fp_learner_label_put", 0, labels.astype(np.uint8).tobytes(), len(labels))
        self.check("fp_learner_sample_end", len(labels))

    def train(
        self,
        order: NDArray[np.integer],
        shifts: NDArray[np.integer] | None = None,
        progress: Callable[[int, int], bool] | None = None,
        **work: float,
    ) -> TrainResult:
        """Local training; ``order`` has the positions that are present, epoch after epoch."""
        self.check("fp_learner_order_put", 0, order.astype("<u2").tobytes(), len(order))
        if shifts is not None:
            self.check("fp_learner_shift_put", 0, shifts.astype(np.int8).tobytes(), len(shifts))
        given = TrainWork(**({"momentum": 0.0, "weight_decay": 0.0, "proximal": 0.0} | work), moved=shifts is not None)
        result = TrainResult()
        callback = PROGRESS(lambda _, done, total: progress is None or progress(done, total))
        self.check("fp_learner_train", ctypes.byref(given), callback, None, ctypes.byref(result))
        return result

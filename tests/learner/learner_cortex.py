"""Learners cross-compiled for a Cortex-M and run by Unicorn, which counts instructions."""

import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from learner_c import INCLUDES, PROBES, SOURCES, WARNINGS, WIRE, LearnerError
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))

from cortex_m import CODE, COMPILER, CortexM

from firmware_gen.learner import BakedMask, LearnerDescription, LearnerPlan, render_learner

HARD_FLOAT = ("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
CORES = {"cortex-m4": HARD_FLOAT, "cortex-m3": ("-mfloat-abi=soft",)}


def cross_compile(sources: dict[str, str], folder: Path, cpu: str, *options: str) -> Path:
    """An ELF of one learner without start-up code."""
    for name, text in sources.items():
        (folder / name).write_text(text)
    elf = folder / f"learner_{cpu}.elf"
    link = ("-nostartfiles", "--specs=nosys.specs", f"-Wl,-Ttext={CODE:#x},-e,0,--no-warn-rwx-segments")
    target = (f"-mcpu={cpu}", "-mthumb", "-ffreestanding", *CORES[cpu], *(options or ("-O2",)))
    files = [folder / "fp_learner_data.c", *SOURCES, PROBES]
    command = [COMPILER, *target, *WARNINGS, *INCLUDES, f"-I{folder}", *link, "-o", str(elf), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return elf


@dataclass
class CortexLearner:
    """One learner on an emulated core; the calls are those of HostLearner."""

    description: LearnerDescription
    plan: LearnerPlan
    core: CortexM
    learner: int
    instructions: dict[str, int] = field(default_factory=dict)
    """Of the latest call of each function."""

    @classmethod
    def build(
        cls,
        description: LearnerDescription,
        plan: LearnerPlan,
        folder: Path,
        cpu: str,
        mask: BakedMask | None = None,
    ) -> "CortexLearner":
        core = CortexM(cross_compile(render_learner(description, plan, mask), folder, cpu), cpu)
        learner = core.place(bytes(core.call("learner_bytes").value), 8)
        pieces = [core.place(bytes([0xAA]) * size, 8) for size in (plan.bytes, plan.second_bytes)]
        memory = core.place(struct.pack("<4I", *pieces, plan.bytes, plan.second_bytes), 4)
        made = cls(description, plan, core, learner)
        made.check("fp_learner_init", core.symbol("fp_generated_learner"), memory)
        return made

    def check(self, name: str, *arguments: int) -> None:
        result = self.core.call(name, self.learner, *arguments)
        self.instructions[name] = result.instructions
        if result.value != 0:
            raise LearnerError(name, result.value)

    def _put(self, name: str, offset: int, data: bytes, count: int) -> None:
        self.check(name, offset, self.core.place(data), count)

    def load_mask(self, payload: bytes) -> None:
        self.check("fp_learner_mask_begin")
        self._put("fp_learner_mask_put", 0, payload, len(payload))
        self.check("fp_learner_mask_end")

    def seed(self, seed: int, keep: list[int]) -> None:
        schedule = self.core.place(np.array(keep, "<u4").tobytes(), 4)
        request = self.core.place(struct.pack("<QII", seed, schedule, len(keep)), 8)
        self.check("fp_learner_seed", request, 0, 0)

    @property
    def fingerprint(self) -> int:
        return self.core.call("fp_learner_mask_fingerprint", self.learner).value & 0xFFFFFFFF

    @property
    def count(self) -> int:
        return self.core.call("fp_learner_value_count", self.learner).value

    @property
    def values(self) -> NDArray[np.float32]:
        address = self.core.call("fp_learner_values", self.learner).value
        return np.frombuffer(self.core.read(address, 4 * self.count), "<f4")

    def push(self, payload: bytes, encoding: str = "float32") -> None:
        self.check("fp_learner_round_begin", WIRE[encoding])
        self._put("fp_learner_payload_put", 0, payload, len(payload))
        self.check("fp_learner_payload_end")

    def pull(self) -> bytes:
        self.check("fp_learner_update_begin")
        size = self.core.call("fp_learner_update_bytes", self.learner).value
        out = self.core.place(bytes(size))
        self.check("fp_learner_update_get", 0, out, size)
        return self.core.read(out, size)

    def give(self, samples: NDArray[Any], labels: NDArray[np.integer]) -> None:
        self._put("fp_learner_sample_put", 0, samples.tobytes(), samples.nbytes)
        self._put("fp_learner_label_put", 0, labels.astype(np.uint8).tobytes(), len(labels))
        self.check("fp_learner_sample_end", len(labels))

    def train(
        self, order: NDArray[np.integer], shifts: NDArray[np.integer] | None = None, **work: float
    ) -> tuple[float, int]:
        """Mean loss, and the instructions of it all."""
        self._put("fp_learner_order_put", 0, order.astype("<u2").tobytes(), len(order))
        if shifts is not None:
            self._put("fp_learner_shift_put", 0, shifts.astype(np.int8).tobytes(), len(shifts))
        rates = [work.get(name, 0.0) for name in ("learning_rate", "momentum", "weight_decay", "proximal")]
        sizes = int(work["epochs"]), int(work["batch_size"])
        given = self.core.place(struct.pack("<HH4fB3x", *sizes, *rates, shifts is not None), 4)
        result = self.core.place(bytes(12), 4)
        self.check("fp_learner_train", given, 0, 0, result)
        loss: float = struct.unpack("<f", self.core.read(result, 4))[0]
        return loss, self.instructions["fp_learner_train"]

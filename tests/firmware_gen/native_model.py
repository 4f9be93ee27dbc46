"""Compiles generated models with the C runtime for this machine, sanitizers on, and runs samples through them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_gen.runtime_files import library_files

RUNTIME = Path(__file__).parents[2] / "firmware_gen" / "runtime"
HARNESS = Path(__file__).with_name("run_model.c")
KERNELS = tuple(path.stem for path in library_files()[1] if path.suffix == ".c" and path.stem != "fp_net")
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Wvla",
    "-Wdouble-promotion",
    "-Wmissing-prototypes",
    "-Werror",
)
FLAGS = ("-std=c99", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *WARNINGS)


@dataclass(frozen=True)
class NativeRuntime:
    """Object files of the runtime, built once with one set of defines."""

    folder: Path
    defines: tuple[str, ...]

    def compile(self) -> "NativeRuntime":
        for source in (*(RUNTIME / "src" / f"{name}.c" for name in KERNELS), HARNESS):
            self._gcc("-c", source, "-o", self.folder / f"{source.stem}.o")
        return self

    def _gcc(self, *arguments: "str | Path") -> None:
        subprocess.run(
            ["gcc", *FLAGS, *self.defines, f"-I{RUNTIME / 'include'}", *map(str, arguments)],
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def run(self, sources: dict[str, str], work: Path, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (samples, output bytes) of a rendered model, and the runtime's self-test input."""
        for name, text in sources.items():
            (work / name).write_text(text)
        objects = [self.folder / f"{name}.o" for name in (*KERNELS, HARNESS.stem)]
        self._gcc(work / "fp_model_data.c", *objects, "-o", work / "model")
        done = subprocess.run([work / "model"], input=samples.tobytes(), capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
        values = np.frombuffer(done.stdout, np.int8)
        cut = len(values) - samples.shape[1]
        return values[:cut].reshape(len(samples), -1), values[cut:]

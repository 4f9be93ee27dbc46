"""The runtime on QEMU's Cortex-M55, which has MVE: many calls in one start, with instruction counts."""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cortex_m
import numpy as np
from host_runtime import INCLUDES, POISON, SOURCES, WARNINGS
from numpy.typing import NDArray
from runtime_layers import Layer
from runtime_structs import ARENA_SLACK, FP_OK, TargetConv

QEMU = "qemu-system-arm"
MISSING = cortex_m.MISSING or (f"{QEMU} is not installed" if shutil.which(QEMU) is None else "")
CPU = "cortex-m55"
TARGET = (f"-mcpu={CPU}", "-mthumb", "-mfloat-abi=hard", "-ffreestanding")
INSTRUCTIONS_PER_TICK = 31.25
GUARD = 64
CONV, ADD, POOL = range(3)
_HARNESS = Path(__file__).with_name("qemu_calls.c")
_CODE, _LIST = 0x0100_0000, 0x6000_0000
_HEAD, _CALL = struct.Struct("<II248s"), struct.Struct("<5IiI")


def build(folder: Path, options: tuple[str, ...] = ("-O2",)) -> Path:
    """An ELF of the runtime and the harness; returns its path."""
    elf = folder / "calls.elf"
    link = ("-nostartfiles", "--specs=nosys.specs", f"-Wl,-Ttext={_CODE:#x},--section-start=.vectors=0")
    link = (*link, "-Wl,-e,start,--no-warn-rwx-segments")
    warnings = tuple(one for one in WARNINGS if one != "-Wextra")  # -Wcast-function-type: the list's calls are untyped
    sources = (*map(str, SOURCES), str(_HARNESS))
    command = [cortex_m.COMPILER, *TARGET, *options, *warnings, *INCLUDES, *link, "-o", str(elf), *sources]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return elf


@dataclass(frozen=True)
class Result:
    """What a call returned and about how many instructions it took: to the tick, 31.25 of them."""

    value: int
    instructions: float


class Machine:
    """Collects data and calls; :meth:`run` starts QEMU once for all of them."""

    def __init__(self, elf: Path, folder: Path) -> None:
        self._elf, self._folder = elf, folder
        self._calls: list[tuple[int, ...]] = []
        self._memory = bytearray()
        self._base = _LIST + 0x4_0000
        self.results: list[Result] = []

    def place(self, data: bytes, align: int = 1) -> int:
        """Copy ``data`` between two guards, at the least ``align`` that it asks for and no better; its address."""
        self._memory += bytes([POISON]) * GUARD
        while (self._base + len(self._memory)) % 8 != align % 8:
            self._memory.append(POISON)
        address = self._base + len(self._memory)
        self._memory += data + bytes([POISON]) * GUARD
        return address

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes; after :meth:`run` as the calls left them."""
        start = address - self._base
        return bytes(self._memory[start : start + size])

    def guarded(self, address: int, size: int) -> bool:
        """Whether nothing was written next to a place."""
        around = self.read(address - GUARD, GUARD) + self.read(address + size, GUARD)
        return around == bytes([POISON]) * (2 * GUARD)

    def call(self, function: int, *arguments: int) -> None:
        """Add a call; its result comes at the same place of ``results``."""
        self._calls.append((function, *arguments, *(0,) * (4 - len(arguments))))

    def run(self) -> None:
        """Start QEMU, let it do everything, read memory and results back."""
        before, after = self._folder / "before.bin", self._folder / "after.bin"
        calls = b"".join(_CALL.pack(*one, 0, 0) for one in self._calls)
        size = self._base - _LIST + len(self._memory)
        head = (_HEAD.pack(size, len(self._calls), str(after).encode()) + calls).ljust(self._base - _LIST, b"\0")
        before.write_bytes(head + self._memory)
        command = [
            *(QEMU, "-M", "mps3-an547", "-icount", "shift=0", "-nodefaults", "-display", "none", "-monitor", "none"),
            *("-semihosting-config", "enable=on,target=native", "-kernel", str(self._elf)),
            *("-device", f"loader,file={before},addr={_LIST:#x},force-raw=on"),
        ]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        image = after.read_bytes()
        self._memory[:] = image[self._base - _LIST :]
        for number in range(len(self._calls)):
            *_, value, ticks = _CALL.unpack_from(image, _HEAD.size + number * _CALL.size)
            self.results.append(Result(value, ticks * INSTRUCTIONS_PER_TICK))


def run_layers(elf: Path, folder: Path, layers: list[Layer]) -> list[tuple[NDArray[np.int8], float]]:
    """fp_conv_run for each: the planar output and the instructions it took; nothing else may be written."""
    machine, outs, scratches = Machine(elf, folder), [], []
    for layer in layers:
        conv = machine.place(
            bytes(layer.struct(TargetConv, lambda data: machine.place(data, 1 if len(data) % 4 else 4))), 4
        )
        source = machine.place(layer.in_plane.pack(layer.x).tobytes() + bytes([POISON]) * ARENA_SLACK)
        outs.append(machine.place(bytes([POISON]) * layer.out_plane.bytes))
        scratches.append(machine.place(bytes([POISON]) * layer.scratch_bytes, 4))
        machine.call(CONV, conv, source, outs[-1], scratches[-1])
    machine.run()
    found = []
    for layer, out, scratch, result in zip(layers, outs, scratches, machine.results, strict=True):
        assert result.value == FP_OK, f"{layer.geometry.name}: fp_conv_run returned {result.value}"
        assert machine.guarded(out, layer.out_plane.bytes), f"{layer.geometry.name}: written beside the output"
        assert machine.guarded(scratch, layer.scratch_bytes), f"{layer.geometry.name}: written beside the scratch"
        found.append((np.frombuffer(machine.read(out, layer.out_plane.bytes), np.int8), result.instructions))
    return found

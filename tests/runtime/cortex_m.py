"""The runtime cross-compiled for a Cortex-M and run by Unicorn, with exact instruction counts."""

import shutil
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile
from host_runtime import INCLUDES, POISON, SOURCES, WARNINGS
from numpy.typing import NDArray
from runtime_layers import Layer
from runtime_structs import ARENA_SLACK, FP_OK, TargetConv
from unicorn import UC_ARCH_ARM, UC_HOOK_BLOCK, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm

COMPILER = "arm-none-eabi-gcc"
MISSING = f"{COMPILER} is not installed" if shutil.which(COMPILER) is None else ""
MODELS = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": arm.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
}
PAGE = 0x1000
CODE, RETURN, STACK, HEAP = 0x0001_0000, 0x0F00_0000, 0x1000_0000, 0x2000_0000
STACK_BYTES = 0x4000
_ARGUMENTS = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)


def cross_compile(folder: Path, cpu: str, options: Iterable[str] = ("-O2",)) -> Path:
    """An ELF of the runtime without start-up code; returns its path."""
    elf = folder / f"runtime_{cpu}.elf"
    link = ("-nostartfiles", "--specs=nosys.specs", f"-Wl,-Ttext={CODE:#x},-e,0,--no-warn-rwx-segments")
    target = (f"-mcpu={cpu}", "-mthumb", "-ffreestanding", *options)
    command = [COMPILER, *target, *WARNINGS, *INCLUDES, *link, "-o", str(elf), *map(str, SOURCES)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return elf


def compiler_version() -> str:
    """First line of ``--version``."""
    result = subprocess.run([COMPILER, "--version"], check=True, capture_output=True, text=True)
    return result.stdout.splitlines()[0]


@dataclass(frozen=True)
class Call:
    """What a call returned and how many instructions it took."""

    value: int
    instructions: int


class CortexM:
    """A core with the ELF loaded. Every buffer ends right before a page that faults."""

    def __init__(self, elf: Path, cpu: str) -> None:
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(MODELS[cpu])
        self._load(elf)
        self._uc.mem_map(RETURN, PAGE)
        self._uc.mem_map(STACK, STACK_BYTES)
        self._heap = HEAP
        self._count = 0
        self._blocks: dict[tuple[int, int], int] = {}
        self._uc.hook_add(UC_HOOK_BLOCK, self._count_block)

    def _load(self, elf: Path) -> None:
        with elf.open("rb") as file:
            image = ELFFile(file)
            table = image.get_section_by_name(".symtab")
            self._symbols = {s.name: s["st_value"] for s in table.iter_symbols() if s.name}
            loaded = [s for s in image.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_memsz"]]
            start = min(s["p_vaddr"] for s in loaded) // PAGE * PAGE
            end = max(s["p_vaddr"] + s["p_memsz"] for s in loaded)
            self._uc.mem_map(start, -(-(end - start) // PAGE) * PAGE)
            for segment in loaded:
                self._uc.mem_write(segment["p_vaddr"], segment.data())

    def symbol(self, name: str) -> int:
        """Address of a function or an object."""
        return int(self._symbols[name])

    def _count_block(self, uc: Uc, address: int, size: int, _data: object) -> None:
        key = address, size  # the code never changes
        count = self._blocks.get(key)
        if count is None:
            count = self._blocks[key] = instructions_in(bytes(uc.mem_read(address, size)))
        self._count += count

    def count_steps(self) -> list[int]:
        """A counter of executed instructions, kept one by one; slow."""
        steps = [0]

        def count(*_: object) -> None:
            steps[0] += 1

        self._uc.hook_add(UC_HOOK_CODE, count)
        return steps

    def place(self, data: bytes, align: int = 1) -> int:
        """Copy ``data`` into memory of its own; returns the address, which leaves less than ``align`` bytes behind."""
        pages = -(-max(len(data), 1) // PAGE) * PAGE
        self._uc.mem_map(self._heap, pages)
        address = (self._heap + pages - len(data)) // align * align
        self._uc.mem_write(address, data)
        self._heap += pages + PAGE
        return address

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._uc.mem_read(address, size))

    def call(self, function: str, *arguments: int) -> Call:
        """Call with up to six word arguments.

        Raises:
            unicorn.UcError: an access outside every buffer, or an instruction that the core lacks.
        """
        stack = STACK + STACK_BYTES - 64
        self._uc.mem_write(stack, struct.pack(f"<{len(arguments[4:])}I", *(a & 0xFFFFFFFF for a in arguments[4:])))
        for register, value in zip(_ARGUMENTS, arguments, strict=False):
            self._uc.reg_write(register, value & 0xFFFFFFFF)
        self._uc.reg_write(arm.UC_ARM_REG_SP, stack)
        self._uc.reg_write(arm.UC_ARM_REG_LR, RETURN | 1)
        self._count = 0
        self._uc.emu_start(self._symbols[function] | 1, RETURN)
        value = self._uc.reg_read(arm.UC_ARM_REG_R0)
        return Call(value - (1 << 32) if value >> 31 else value, self._count)


@cache
def instructions_in(code: bytes) -> int:
    """Thumb instructions in a straight piece of code: the top five bits tell a 32-bit one."""
    count = at = 0
    while at < len(code):
        at += 4 if code[at + 1] >> 3 in (0b11101, 0b11110, 0b11111) else 2
        count += 1
    assert at == len(code)
    return count


def try_layer(core: CortexM, layer: Layer, slack: int = ARENA_SLACK) -> tuple[Call, NDArray[np.int8]]:
    """fp_conv_run on the core: what it returned, and the planar output where that is FP_OK."""
    conv = core.place(bytes(layer.struct(TargetConv, lambda data: core.place(data, 1 if len(data) % 4 else 4))), 4)
    source = core.place(layer.in_plane.pack(layer.x).tobytes() + bytes([POISON]) * slack)
    out = core.place(bytes([POISON]) * layer.out_plane.bytes)
    scratch = core.place(bytes([POISON]) * layer.scratch_bytes, 4)
    before = core.read(out & -PAGE, out % PAGE)
    result = core.call("fp_conv_run", conv, source, out, scratch)
    assert core.read(out & -PAGE, out % PAGE) == before, "written before the output"
    return result, np.frombuffer(core.read(out, layer.out_plane.bytes), np.int8)


def run_layer(core: CortexM, layer: Layer) -> tuple[NDArray[np.int8], int]:
    """fp_conv_run on the core: the planar output and the instructions it took."""
    result, out = try_layer(core, layer)
    assert result.value == FP_OK, f"fp_conv_run returned {result.value}"
    return out, result.instructions

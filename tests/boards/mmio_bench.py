"""Drivers of ``firmware_gen/ports`` on a Cortex-M in Unicorn, with peripherals in Python behind their registers."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from elftools.elf.elffile import ELFFile
from probe_firmware import RUNTIME_HEADERS, WARNINGS, require
from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm

from firmware_gen.board_drivers import PORT_FOLDER
from firmware_gen.board_render import compile_flags, render_board_files
from firmware_gen.boards import Board

CODE, DATA, STACK, RETURN = 0x0010_0000, 0x2000_0000, 0x2008_0000, 0x0F00_0000
PAGE = 0x1000
STUB = '#include "cortex_m.h"\nfp_rx_ring fp_rx;\n'
SYSTEM_SPACE = 0xE000_E000


class Registers:
    """A peripheral that keeps what is written; models override :meth:`read` and :meth:`write`.

    Args:
        base: address of its first register.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.values: dict[int, int] = {}
        self.writes: list[tuple[int, int]] = []
        self.bench: Bench | None = None

    def read(self, offset: int) -> int:
        return self.values.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        self.values[offset] = value


class Bench:
    """A board's drivers, compiled, and the peripherals they see. Pages without a peripheral fault."""

    def __init__(self, board: Board, folder: Path, *peripherals: Registers) -> None:
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self.symbols = self._load(_build(board, folder))
        self._uc.mem_map(STACK, PAGE)
        self._uc.mem_map(RETURN, PAGE)
        self._peripherals = (*peripherals, Registers(SYSTEM_SPACE))
        for peripheral in self._peripherals:
            peripheral.bench = self
        for page in sorted({peripheral.base // PAGE * PAGE for peripheral in self._peripherals}):
            self._uc.mmio_map(page, PAGE, self._reader(page), None, self._writer(page), None)

    def peripheral(self, base: int) -> Registers:
        return next(one for one in self._peripherals if one.base == base)

    def call(self, function: str, *arguments: int) -> int:
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1)
        for register, value in zip(registers, arguments, strict=False):
            self._uc.reg_write(register, value)
        self._uc.reg_write(arm.UC_ARM_REG_SP, STACK + PAGE // 2)
        self._uc.reg_write(arm.UC_ARM_REG_LR, RETURN | 1)
        self._uc.emu_start(self.symbols[function] | 1, RETURN)
        return int(self._uc.reg_read(arm.UC_ARM_REG_R0))

    def start_clock(self) -> tuple[int, int, int]:
        """What fp_clock_init returns: Hz of the core, APB1, APB2."""
        self.call("fp_clock_init", STACK)
        core, apb1, apb2 = (self._word(STACK + 4 * index) for index in range(3))
        return core, apb1, apb2

    def start_uart(self) -> None:
        """With the clocks that run."""
        self.start_clock()
        self.call("fp_uart_init", STACK)

    def received(self) -> bytes:
        """Bytes in the receive ring, which is emptied."""
        ring = self.symbols["fp_rx"]
        head, tail = self._word(ring), self._word(ring + 4)
        content = self.memory(ring + 12, 2048)
        self._uc.mem_write(ring + 4, head.to_bytes(4, "little"))
        return bytes(content[index % 2048] for index in range(tail, head))

    def lost(self) -> int:
        return self._word(self.symbols["fp_rx"] + 8)

    def memory(self, address: int, size: int) -> bytes:
        return bytes(self._uc.mem_read(address, size))

    def poke(self, address: int, data: bytes) -> None:
        """A DMA transfer."""
        self._uc.mem_write(address, data)

    def _word(self, address: int) -> int:
        return int.from_bytes(self.memory(address, 4), "little")

    def _owner(self, address: int) -> Registers:
        return max((one for one in self._peripherals if one.base <= address), key=lambda one: one.base)

    def _reader(self, page: int) -> Callable[..., int]:
        def read(_uc: Uc, offset: int, size: int, _data: object) -> int:
            assert size == 4, "registers are read as words"
            owner = self._owner(page + offset)
            return owner.read(page + offset - owner.base) & 0xFFFFFFFF

        return read

    def _writer(self, page: int) -> Callable[..., None]:
        def write(_uc: Uc, offset: int, size: int, value: int, _data: object) -> None:
            assert size == 4, "registers are written as words"
            owner = self._owner(page + offset)
            owner.writes.append((page + offset - owner.base, value))
            owner.write(page + offset - owner.base, value)

        return write

    def _load(self, elf: Path) -> dict[str, int]:
        with elf.open("rb") as file:
            image = ELFFile(file)
            table = image.get_section_by_name(".symtab")
            symbols = {symbol.name: int(symbol["st_value"]) & ~1 for symbol in table.iter_symbols()}
            self._uc.mem_map(CODE, 16 * PAGE)
            self._uc.mem_map(DATA, 16 * PAGE)
            for segment in image.iter_segments("PT_LOAD"):
                self._uc.mem_write(segment["p_vaddr"], segment.data())
        return symbols


def _build(board: Board, folder: Path) -> Path:
    require("arm-none-eabi-gcc")
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name, text in render_board_files(board).items():
        (folder / name).write_text(text)
    stub, elf = folder / "stub.c", folder / "drivers.elf"
    stub.write_text(STUB)
    flags = [flag for flag in compile_flags(board) if "float" not in flag and "fpu" not in flag]
    flags[0] = "-mcpu=cortex-m4"  # what Unicorn emulates
    link = ["-nostartfiles", "--specs=nano.specs", f"-Wl,-Ttext={CODE:#x},-Tdata={DATA:#x},-e,0,--no-warn-rwx-segments"]
    command = [
        "arm-none-eabi-gcc",
        *flags,
        *WARNINGS,
        "-O2",
        f"-I{folder / 'src'}",
        f"-I{PORT_FOLDER}",
        f"-I{RUNTIME_HEADERS}",
    ]
    sources = [str(path) for path in (*board.drivers, stub)]
    result = subprocess.run([*command, *link, *sources, "-o", str(elf)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return elf

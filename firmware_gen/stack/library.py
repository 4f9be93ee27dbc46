"""Stack use and calls of functions that came compiled, such as ``memcpy``, from the linked program's instructions.

The frame is the sum of all that the function ever takes off the stack pointer, whatever it gives back in between; that
is an upper bound unless it does so in a loop, which no compiler's prologue does.
"""

import re
import subprocess
from pathlib import Path

from firmware_gen.stack.callgraph import Function
from host_bridge.errors import UserError

OBJDUMP = "arm-none-eabi-objdump"
_TIMEOUT_S = 120
_SYMBOL = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t[0-9a-f ]+\t(\S+)(?:\t(.*))?$")
_TARGET = re.compile(r"<([^>+]+)>$")
_REGISTERS = re.compile(r"\{([^}]*)\}")
_WORD, _DOUBLE = 4, 8


def read_library(elf: Path) -> dict[str, Function]:
    """Every function of a linked program, by name; of several with one name, the deepest.

    Raises:
        UserError: the program that disassembles is missing or fails.
    """
    functions: dict[str, Function] = {}
    for name, body in _bodies(_disassemble(elf)).items():
        functions[name] = _function(name, body)
    return functions


def _disassemble(elf: Path) -> str:
    try:
        done = subprocess.run([OBJDUMP, "-d", str(elf)], capture_output=True, text=True, check=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{OBJDUMP} cannot read {elf.name}; install the package binutils-arm-none-eabi") from error
    return done.stdout


def _bodies(text: str) -> dict[str, list[tuple[str, str]]]:
    """Instructions as (mnemonic, operands), by symbol; a comment behind ``;`` or ``@`` is cut off."""
    bodies: dict[str, list[tuple[str, str]]] = {}
    body: list[tuple[str, str]] = []
    for line in text.splitlines():
        if symbol := _SYMBOL.match(line):
            body = bodies.setdefault(symbol.group(1), [])
        elif found := _INSTRUCTION.match(line):
            operands = re.split(r"\s*[;@]", found.group(2) or "")[0]
            body.append((found.group(1).removesuffix(".w").removesuffix(".n"), operands.strip()))
    return bodies


def _function(name: str, body: list[tuple[str, str]]) -> Function:
    taken = [_taken(mnemonic, operands) for mnemonic, operands in body]
    calls = [
        target.group(1)
        for mnemonic, operands in body
        if mnemonic.startswith("b") and (target := _TARGET.search(operands)) and target.group(1) != name
    ]
    pointers = [name for mnemonic, operands in body if mnemonic in ("blx", "bx") and operands not in ("lr", "pc")]
    known = [size for size in taken if size is not None]
    return Function(name, sum(known), len(known) < len(taken), tuple(calls), tuple(pointers))


def _taken(mnemonic: str, operands: str) -> int | None:
    """Bytes that an instruction takes off the stack pointer; None where that depends on a register."""
    if mnemonic == "push" or (mnemonic in ("stmdb", "stmfd") and operands.startswith("sp!")):
        return _WORD * _count(operands)
    if mnemonic == "vpush" or (mnemonic.startswith("vstmdb") and operands.startswith("sp!")):
        return (_DOUBLE if "d" in operands.split("{")[1] else _WORD) * _count(operands)
    if mnemonic.startswith("sub") and operands.startswith("sp"):
        number = re.search(r"#(\d+)$", operands)
        return int(number.group(1)) if number else None
    before = re.search(r"\[sp, #-(\d+)\]!", operands)
    return int(before.group(1)) if mnemonic.startswith("str") and before else 0


def _count(operands: str) -> int:
    """Registers in ``{r4, r5, d8-d9}``."""
    found = _REGISTERS.search(operands)
    count = 0
    for part in (found.group(1) if found else "").split(","):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        count += ends[1] - ends[0] + 1 if len(ends) == 2 else 1
    return count

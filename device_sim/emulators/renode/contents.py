"""The firmware as Renode is to load it: what an ELF file holds, and no zeroes beyond.

From 1.16 Renode fills memory that a segment only reserves with zeroes, at every reset too. A chip keeps its RAM over a
reset, and firmware keeps its record of a fault there.
"""

import struct
from pathlib import Path
from typing import Any

# Elf32_Phdr (ELF specification 1.2, figure 2-1).
_TYPE, _MEMORY_SIZE = 0, 20
_PT_NULL = 0


def write_contents(elf: Path, copy: Path) -> None:
    """Copy a 32-bit ELF file; its segments end where their contents in the file end, empty ones are switched off.

    Raises:
        elftools.common.exceptions.ELFError: ``elf`` is no ELF file.
        OSError: a file cannot be read or written.
    """
    from elftools.elf.elffile import ELFFile

    content = bytearray(elf.read_bytes())
    with elf.open("rb") as stream:
        file: Any = ELFFile(stream)
        for number, segment in enumerate(file.iter_segments()):
            header = file["e_phoff"] + number * file["e_phentsize"]
            struct.pack_into("<I", content, header + _MEMORY_SIZE, segment["p_filesz"])
            if not segment["p_filesz"]:
                struct.pack_into("<I", content, header + _TYPE, _PT_NULL)
    copy.write_bytes(content)

"""What a linked firmware takes, read back from the ELF file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_gen.boards import Board
from host_bridge.errors import UserError

WEIGHT_PREFIXES = ("fp_weights_",)
REQUANT_PREFIXES = ("fp_bias_", "fp_multiplier_", "fp_shift_")
ARENA_SYMBOL = "fp_arena"
_WRITE, _ALLOC = 0x1, 0x2


@dataclass(frozen=True)
class ElfSizes:
    """Bytes by use.

    Attributes:
        flash: ``weights``, ``requant`` (biases, multipliers, shifts), ``code`` (everything else), ``total``.
        ram: ``arena``, ``stack``, ``other`` (link buffers, counters), ``total``.
    """

    flash: dict[str, int]
    ram: dict[str, int]


def read_sizes(elf: Path, board: Board | None) -> ElfSizes:
    """Read sizes from symbols and sections.

    Args:
        elf: the linked firmware.
        board: whose linker script it was linked with, or None for this machine (no stack is reserved there).

    Raises:
        UserError: the file is not an ELF file with symbols.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            symbols = _symbols(file)
            flash, ram = _section_bytes(file) if board is None else _spans(file, board)
    except (OSError, ELFError) as error:
        raise UserError(f"cannot read {elf.name}: {error}; build again") from error
    stack = board.stack_bytes if board is not None else 0
    weights, requant = _sum(symbols, WEIGHT_PREFIXES), _sum(symbols, REQUANT_PREFIXES)
    arena = _sum(symbols, (ARENA_SYMBOL,))
    return ElfSizes(
        {"weights": weights, "requant": requant, "code": flash - weights - requant, "total": flash},
        {"arena": arena, "stack": stack, "other": ram - arena - stack, "total": ram},
    )


def _symbols(file: Any) -> dict[str, int]:  # noqa: ANN401 - pyelftools has no types
    table = file.get_section_by_name(".symtab")
    if table is None:
        return {}
    return {symbol.name: int(symbol["st_size"]) for symbol in table.iter_symbols()}


def _spans(file: Any, board: Board) -> tuple[int, int]:  # noqa: ANN401
    """First to last byte in flash (initialised data is there too) and in RAM, gaps for alignment included.

    A flash region that only holds the vectors counts for itself.
    """
    loaded = [segment for segment in file.iter_segments("PT_LOAD") if segment["p_filesz"]]
    flash = [(int(one["p_paddr"]), int(one["p_paddr"] + one["p_filesz"])) for one in loaded]
    regions = [[piece for piece in flash if one.origin <= piece[0] < one.end] for one in board.flash]
    live = [section for section in file.iter_sections() if section["sh_size"] and section["sh_flags"] & _WRITE]
    ram = [(int(one["sh_addr"]), int(one["sh_addr"] + one["sh_size"])) for one in live if one["sh_flags"] & _ALLOC]
    rams = [[piece for piece in ram if one.origin <= piece[0] < one.end] for one in board.ram]
    return sum(map(_span, regions)), sum(map(_span, rams))


def _span(pieces: list[tuple[int, int]]) -> int:
    return max(end for _, end in pieces) - min(start for start, _ in pieces) if pieces else 0


def _section_bytes(file: Any) -> tuple[int, int]:  # noqa: ANN401
    """The same for a program of this machine, whose pieces lie anywhere: sizes of sections, added up."""
    flash = ram = 0
    for section in file.iter_sections():
        size, flags = int(section["sh_size"]), int(section["sh_flags"])
        if flags & _ALLOC:
            flash += 0 if section["sh_type"] == "SHT_NOBITS" else size
            ram += size if flags & _WRITE else 0
    return flash, ram


def _sum(symbols: dict[str, int], prefixes: tuple[str, ...]) -> int:
    return sum(size for name, size in symbols.items() if name.startswith(prefixes))

"""The RAM regions of a board and what a firmware puts there."""

from pathlib import Path
from typing import Any

from firmware_gen.boards import Board, Region
from firmware_gen.elf_sizes import ARENA_SYMBOL
from firmware_gen.ram_map.report import BlockKind, BlockReport, RegionReport
from host_bridge.errors import UserError

_KINDS: dict[str, BlockKind] = {
    ARENA_SYMBOL: "arena",
    f"{ARENA_SYMBOL}_second": "arena",
    "fp_application": "link",
    "fp_rx": "link",
}
_STACK = ("fp_stack_bottom", "fp_stack_top")
_WRITE = 0x1


def planned_regions(board: Board, arena_bytes: int) -> tuple[RegionReport, ...]:
    """Before linking: the stack and the arena, in the region where they are to lie."""
    blocks = (
        BlockReport(name="stack", kind="stack", address=None, bytes=board.stack_bytes),
        BlockReport(name=ARENA_SYMBOL, kind="arena", address=None, bytes=arena_bytes),
    )
    return tuple(_region(region, blocks if number == 0 else ()) for number, region in enumerate(board.ram))


def linked_regions(elf: Path, board: Board) -> tuple[RegionReport, ...]:
    """Every variable of a linked firmware, by region and address; gaps between them are alignment.

    Raises:
        UserError: the file is not an ELF file with symbols.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            blocks = _blocks(ELFFile(stream))
    except (OSError, ELFError) as error:
        raise UserError(f"cannot read {elf.name}: {error}; build again") from error
    return tuple(
        _region(region, _with_gaps([one for one in blocks if region.origin <= (one.address or 0) < region.end]))
        for region in board.ram
    )


def _region(region: Region, blocks: tuple[BlockReport, ...]) -> RegionReport:
    used = sum(block.bytes for block in blocks)
    return RegionReport(name=region.name, origin=region.origin, bytes=region.bytes, used_bytes=used, blocks=blocks)


def _blocks(file: Any) -> list[BlockReport]:  # noqa: ANN401 - pyelftools has no types
    """Stack and variables by address."""
    table = file.get_section_by_name(".symtab")
    symbols = [] if table is None else list(table.iter_symbols())
    sections = [(one.name, int(one["sh_flags"])) for one in file.iter_sections()]
    found = [
        _block(one, sections[one["st_shndx"]][0])
        for one in symbols
        if one["st_info"]["type"] == "STT_OBJECT" and one["st_size"] and _is_written(one["st_shndx"], sections)
    ]
    ends = {one.name: int(one["st_value"]) for one in symbols if one.name in _STACK}
    if len(ends) == len(_STACK):
        bottom, top = (ends[name] for name in _STACK)
        found.append(BlockReport(name="stack", kind="stack", address=bottom, bytes=top - bottom))
    return sorted(found, key=lambda block: block.address or 0)


def _is_written(index: object, sections: list[tuple[str, int]]) -> bool:
    return isinstance(index, int) and bool(sections[index][1] & _WRITE)


def _block(symbol: Any, section: str) -> BlockReport:  # noqa: ANN401
    kind = _KINDS.get(symbol.name, "data" if section.startswith(".data") else "bss")
    return BlockReport(name=symbol.name, kind=kind, address=int(symbol["st_value"]), bytes=int(symbol["st_size"]))


def _with_gaps(blocks: list[BlockReport]) -> tuple[BlockReport, ...]:
    """The blocks and what lies between them."""
    whole: list[BlockReport] = []
    for block in blocks:
        if whole:
            end = (whole[-1].address or 0) + whole[-1].bytes
            gap = (block.address or 0) - end
            if gap > 0:
                whole.append(BlockReport(name="alignment", kind="alignment", address=end, bytes=gap))
        whole.append(block)
    return tuple(whole)

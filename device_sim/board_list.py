"""The boards, as ``python -m device_sim boards`` lists them: core, memory, emulators, and what was verified where."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from device_sim.emulators import choose_emulator
from firmware_gen.boards import Board, Region
from host_bridge.errors import UserError

_PIPE_WIDTH = 150


def board_entry(board: Board) -> dict[str, Any]:
    """One board for ``--json``."""
    return {
        "name": board.name,
        "title": board.title,
        "summary": board.summary,
        "cpu": board.core.cpu,
        "clock_hz": board.core.clock_hz,
        "flash_bytes": board.flash[0].bytes,
        "ram_bytes": board.ram[0].bytes,
        "memory": {"flash": _regions(board.flash), "ram": _regions(board.ram)},
        "emulators": {name: _readiness(name, board) for name in (*board.emulators.names, "native")},
        "flashed_by_probe": board.debug is not None,
        "verified": [one.model_dump() for one in board.verified],
    }


def print_boards(boards: list[Board]) -> None:
    """A table, and below it why an emulator cannot be used here."""
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
    table = Table(show_lines=True)
    for title in ("board", "core", "memory", "emulators", "verified"):
        table.add_column(title, no_wrap=title == "board")
    reasons: dict[str, None] = {}
    for board in boards:
        entry = board_entry(board)
        reasons |= dict.fromkeys(state["reason"] for state in entry["emulators"].values() if state["reason"])
        names = [name if state["ready"] else f"({name})" for name, state in entry["emulators"].items()]
        cells = (_core(board), _memory(board), ", ".join(names), _verified(board))
        table.add_row(f"{board.name}\n{escape(board.title)}", *(escape(cell) for cell in cells))
    console.print(table)
    for reason in reasons:
        console.print(f"in parentheses: {escape(reason)}", soft_wrap=True)


def _core(board: Board) -> str:
    return f"{board.core.cpu.replace('cortex-m', 'Cortex-M')}, {board.core.clock_hz / 1e6:g} MHz"


def _memory(board: Board) -> str:
    ram = " + ".join(f"{region.bytes // 1024:,}" for region in board.ram)
    return f"{board.flash[0].bytes // 1024:,} KB flash, {ram} KB RAM"


def _verified(board: Board) -> str:
    return "\n".join(f"{one.on} {one.version}: {one.what}" for one in board.verified) or "not yet"


def _regions(regions: tuple[Region, ...]) -> list[dict[str, Any]]:
    return [region.model_dump() for region in regions]


def _readiness(name: str, board: Board) -> dict[str, Any]:
    try:
        choose_emulator(name, board)
    except UserError as error:
        return {"ready": False, "reason": str(error)}
    return {"ready": True, "reason": None}

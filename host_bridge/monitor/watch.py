"""Looks at a fleet again and again, and draws what it sees."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.live import Live

from host_bridge.client import Board
from host_bridge.errors import LinkError, UserError
from host_bridge.keys import load_key
from host_bridge.monitor.status import STATUS, BoardStatus, FleetStatus, read_status
from host_bridge.monitor.table import fleet_table

Look = Callable[[], FleetStatus]
"""Gives the fleet as it is now."""

_ANSWER_SECONDS = 1.0


def of_run(folder: Path) -> Look:
    """Looks into a run's folder, or at its status file.

    Raises:
        UserError: (when called) there is no status to read.
    """
    path = folder / STATUS if folder.is_dir() else folder
    return lambda: read_status(path)


def of_lines(lines: Sequence[tuple[str, Path | None]], baud: int) -> Look:
    """Asks boards for their counters; a line that another program holds, or where nobody answers, is said to be so.

    Args:
        lines: serial URLs, each with the file of its board's key, or None.
        baud: of real serial ports.

    Raises:
        UserError: a key cannot be read; (when called) a board has another key, or one and none was given.
    """
    keys = {url: None if key is None else load_key(key) for url, key in lines}
    last = {url: BoardStatus(url, None, "unknown") for url in keys}

    def look() -> FleetStatus:
        for url, key in keys.items():
            last[url] = _ask(url, baud, key, last[url])
        return FleetStatus(0, tuple(last.values()))

    return look


def watch(look: Look, source: str, console: Console, *, every: float, times: int | None = None) -> None:
    """Draw until interrupted.

    Args:
        look: gives the fleet's status; where it fails after the first time, the last one stays.
        source: what the table is called.
        console: a terminal, where the table is drawn over itself; elsewhere a table is printed each time.
        every: seconds between two looks.
        times: looks at most; None for no end.

    Raises:
        UserError: the first look failed.
    """
    status = look()
    with Live(fleet_table(status, source), console=console, auto_refresh=False) as live:
        done = 1
        while times is None or done < times:
            time.sleep(every)
            try:
                status = look()
            except UserError as error:
                live.console.print(str(error), highlight=False)
            live.update(fleet_table(status, source), refresh=True)
            done += 1


def _ask(url: str, baud: int, key: bytes | None, last: BoardStatus) -> BoardStatus:
    try:
        with Board.connect(url, _ANSWER_SECONDS, _ANSWER_SECONDS, baud, key) as board:
            stats, traffic = board.stats(), board.traffic
            name = board.info().board_name
    except LinkError:
        return replace(last, state="silent")
    state = "answers"
    return replace(
        last,
        board=f"{name} at {url}",
        state=state,
        sent_bytes=last.sent_bytes + traffic.sent_bytes,
        received_bytes=last.received_bytes + traffic.received_bytes,
        retries=stats.repeats,
    )

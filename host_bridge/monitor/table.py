"""A fleet's status as a table."""

from rich.table import Table

from host_bridge.monitor.status import FleetStatus

_CAPTION = "down, up: bytes on the line · retries: requests repeated · lost: rounds without an update"
_STYLES = {"training": "green", "lost": "red", "off": "dim", "waiting": "dim"}


def fleet_table(status: FleetStatus, source: str) -> Table:
    """One row a board, and their sums.

    Args:
        status: the fleet.
        source: the table's title: where the status comes from.
    """
    boards = status.boards
    table = Table(title=source, title_justify="left", box=None, padding=(0, 1, 0, 0), caption=_CAPTION)
    table.add_column("client", no_wrap=True, min_width=6)
    table.add_column("board", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("state", no_wrap=True)
    for name in ("round", "down", "up", "retries", "lost", "resets"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in boards:
        client = "-" if one.client is None else str(one.client)
        of = f"/{status.rounds}" if status.rounds else ""
        counts = (one.sent_bytes, one.received_bytes, one.retries, one.losses, one.reboots)
        cells = (f"{count:,}" for count in counts)
        table.add_row(client, one.board, one.state, f"{one.round}{of}", *cells, style=_STYLES.get(one.state))
    if len(boards) > 1:
        sums = (sum(getattr(one, name) for one in boards) for name in _SUMMED)
        table.add_section()
        table.add_row("", f"{len(boards)} boards", "", "", *(f"{total:,}" for total in sums), style="bold")
    return table


_SUMMED = ("sent_bytes", "received_bytes", "retries", "losses", "reboots")

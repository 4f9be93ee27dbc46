"""A fleet's status as a table."""

from rich.table import Table

from host_bridge.monitor.status import FleetStatus

_STYLES = {"training": "green", "lost": "red", "off": "dim", "waiting": "dim"}


def fleet_table(status: FleetStatus, source: str) -> Table:
    """One row a board, and their sums.

    Args:
        status: the fleet.
        source: the table's title: where the status comes from.
    """
    boards = status.boards
    table = Table(title=source, title_justify="left")
    for name in ("client", "board", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("round", "bytes down", "bytes up", "retries", "losses", "reboots"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in boards:
        client = "-" if one.client is None else str(one.client)
        of = f" of {status.rounds}" if status.rounds else ""
        counts = (one.sent_bytes, one.received_bytes, one.retries, one.losses, one.reboots)
        cells = (f"{count:,}" for count in counts)
        table.add_row(client, one.board, one.state, f"{one.round}{of}", *cells, style=_STYLES.get(one.state))
    if len(boards) > 1:
        sums = (sum(getattr(one, name) for one in boards) for name in _SUMMED)
        table.add_section()
        table.add_row("", f"{len(boards)} boards", "", "", *(f"{total:,}" for total in sums), style="bold")
    return table


_SUMMED = ("sent_bytes", "received_bytes", "retries", "losses", "reboots")

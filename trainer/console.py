"""The table at the end of a run."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from trainer.choices import NO_BOARD
from trainer.summary import RunSummary
from trainer.summary.boards import BoardSummary

Rows = list[tuple[str, str]]


def print_summary(summary: RunSummary, folder: Path) -> None:
    """Print what a person wants to know of a run, on standard output.

    Args:
        summary: the run.
        folder: where its files are.
    """
    console = Console(highlight=False)
    table = Table(box=SIMPLE_HEAD, title=_title(summary), title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    sections = (_accuracy, _size, _traffic, _boards, _firmware, _device)
    for section in (of(summary) for of in sections):
        for name, text in section:
            table.add_row(name, text)
        if section:
            table.add_section()
    console.print(table)
    for name, what in _files(summary):
        console.print(f"  {folder / name}", f"[dim]{what}[/dim]", soft_wrap=True)


def _title(summary: RunSummary) -> str:
    config = summary.config
    board = "" if config["board"] == NO_BOARD else f" on {config['board']}"
    return f"{config['dataset']}, {config['model']}, {summary.method}, {config['clients']} clients{board}"


def _accuracy(summary: RunSummary) -> Rows:
    accuracy = summary.accuracy
    parts = [f"{accuracy.float_:.2%} float", f"{accuracy.int8:.2%} int8"]
    if accuracy.device is not None:
        parts.append(f"{accuracy.device:.2%} on the board")
    clients = summary.clients
    spread = f"{100 * clients.local_spread:.1f} points spread"
    own = f"{clients.local_mean:.2%} mean, {clients.local_worst:.2%} worst, {spread}"
    return [("test accuracy", " · ".join(parts)), ("clients' own", own), ("rounds", _rounds(summary))]


def _rounds(summary: RunSummary) -> str:
    """Their number, and what went missing."""
    rounds = summary.rounds
    missing, void = sum(one.asked - one.answered for one in rounds), sum(not one.applied for one in rounds)
    lost = f"; {missing:,} updates not used, {void} rounds void for want of a quorum" if missing else ""
    return f"{len(rounds)}{lost}"


def _size(summary: RunSummary) -> Rows:
    parameters = summary.parameters
    pruner = f", {summary.pruner}" if summary.pruner else ""
    kept = f"{parameters.prunable_kept:,} of {parameters.prunable_total:,} weights kept"
    whose = f", {summary.masks.distinct} different masks; the first client's is shown" * (summary.masks.distinct > 1)
    rows = [("sparsity", f"{summary.sparsity:.2%}: {kept}{pruner}{whose}")]
    if summary.compute is not None:
        own, dense = summary.compute.kept_macs[0], summary.compute.dense_macs
        rows.append(("multiplications", f"{own:,} per sample; dense {dense:,} ({dense / max(own, 1):.1f}x)"))
    return rows


def _traffic(summary: RunSummary) -> Rows:
    traffic = summary.traffic
    return [
        ("bytes up", _against(traffic.bytes_up_per_client, traffic.dense_bytes_up_per_client)),
        ("bytes down", _against(traffic.bytes_down_per_client, traffic.dense_bytes_down_per_client)),
    ]


def _boards(summary: RunSummary) -> Rows:
    """Each client that was a board, in one line."""
    return [] if summary.fleet is None else [(f"client {one.client}", _board(one)) for one in summary.fleet.boards]


def _board(one: BoardSummary) -> str:
    trouble = f", {one.losses} rounds lost, {one.retries} retries, {one.reboots} resets"
    parts = [
        f"{one.place}, {one.samples} samples, {one.share_of_dense:.2%} of dense FedAvg's bytes",
        trouble if one.losses or one.retries or one.reboots else "",
        f", {one.instructions_per_sample:,} instructions a sample" if one.instructions_per_sample else "",
    ]
    return "".join(parts)


def _against(own: int, dense: int) -> str:
    ratio = f" ({dense / own:.1f}x)" if own else ""
    return f"{own:,} per client and round; dense FedAvg {dense:,}{ratio}"


def _firmware(summary: RunSummary) -> Rows:
    firmware = summary.firmware
    if firmware is None:
        return []
    flash, ram = firmware.flash_bytes, firmware.ram_bytes
    return [
        ("flash", _sizes(flash, ("weights", "requant", "code"), firmware.flash_capacity)),
        ("RAM", _sizes(ram, ("arena", "stack"), firmware.ram_capacity)),
    ]


def _sizes(sizes: dict[str, int], kinds: tuple[str, ...], capacity: int) -> str:
    parts = " + ".join(f"{kind} {sizes[kind]:,}" for kind in kinds)
    rest = sizes["total"] - sum(sizes[kind] for kind in kinds)
    other = f" + other {rest:,}" if rest else ""
    return f"{sizes['total']:,} bytes, {sizes['total'] / capacity:.0%} of the board's: {parts}{other}"


def _device(summary: RunSummary) -> Rows:
    device = summary.device
    if device is None:
        return []
    rows = [("board", f"{device.board} as {device.emulator} {device.machine}")]
    if device.instructions_per_inference is not None:
        rows.append(
            ("instructions", f"{device.instructions_per_inference:,} per inference, counted by {device.emulator}")
        )
    equal = device.samples - device.mismatched_samples
    verdict = "all equal" if not device.mismatched_samples else f"[red]{device.mismatched_samples:,} DIFFER[/red]"
    rows.append(("device check", f"{equal:,} of {device.samples:,} samples equal {device.oracle}: {verdict}"))
    return rows


def _files(summary: RunSummary) -> Rows:
    firmware = [] if summary.firmware is None else [("firmware/", "C project, ELF, HEX, BIN")]
    learners = [] if summary.fleet is None or not summary.fleet.learners else [("learners/", "firmware of clients")]
    return [
        ("summary.json", "every figure"),
        ("model.tflite", "int8 model"),
        *firmware,
        *learners,
        ("report.html", "pictures"),
    ]

"""The command line: ``python -m trainer.compare RUN…``."""

from pathlib import Path
from typing import Annotated

import typer

from host_bridge.console import print_json
from host_bridge.errors import UserError
from trainer.timing.deployment import BITS_PER_BYTE, DENSE_MACS, LINK_BITS, SPARSE_EFFICIENCY, Deployment

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_PAGE = Path("compare.html")
_TIME = "Time model"


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of runs, or their summary.json files.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="The page with pictures; else compare.html, with --json none.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output only.")] = False,
    target: Annotated[
        float | None, typer.Option(help="Accuracy to reach, 0 to 1; else a point below the baseline's last.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Method that times are compared with; else fedavg.")] = None,
    device_macs: Annotated[
        float, typer.Option(help="Dense float32 multiply-accumulates per second.", rich_help_panel=_TIME)
    ] = DENSE_MACS,
    sparse_efficiency: Annotated[
        float, typer.Option(help="Share of that speed which sparse kernels reach.", rich_help_panel=_TIME)
    ] = SPARSE_EFFICIENCY,
    link_bits: Annotated[float, typer.Option(help="Bits per second of a link.", rich_help_panel=_TIME)] = LINK_BITS,
    bits_per_byte: Annotated[
        float, typer.Option(help="Bits on the line for a byte; 10 on a serial line.", rich_help_panel=_TIME)
    ] = BITS_PER_BYTE,
    deadline: Annotated[
        float | None, typer.Option(help="Seconds that silent clients are waited for.", rich_help_panel=_TIME)
    ] = None,
) -> None:
    """Compare finished runs on one data set: accuracy, traffic, and time to an accuracy on real devices by a model."""
    _check_positive("--device-macs", device_macs)
    _check_positive("--link-bits", link_bits)
    _check_positive("--bits-per-byte", bits_per_byte)
    _check_positive("--sparse-efficiency", sparse_efficiency, 1.0)
    _check_positive("--deadline", 1.0 if deadline is None else deadline)
    _check_positive("--target", 1.0 if target is None else target, 1.0)
    from trainer.compare.comparison import compare_runs
    from trainer.compare.load import load_runs

    deployment = Deployment(device_macs, sparse_efficiency, link_bits, bits_per_byte, deadline)
    comparison = compare_runs(load_runs(runs), deployment, target, baseline)
    page = None if json and out is None else out or _PAGE
    if page is not None:
        from trainer.compare.page import write_page

        write_page(comparison, page)
    if json:
        print_json(comparison.document())
        return
    from trainer.compare.table import print_table

    print_table(comparison, page)


def _check_positive(option: str, value: float, most: float = float("inf")) -> None:
    if not 0 < value <= most or value == float("inf"):
        bound = "" if most == float("inf") else f" and at most {most:g}"
        raise UserError(f"{option} {value:g} is not allowed; use a number more than 0{bound}")

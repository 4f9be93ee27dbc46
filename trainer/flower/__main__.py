"""``python -m trainer.flower``: a federation on this machine, for a trial (docs/scale-out.md)."""

import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_bridge.console import run_app
from host_bridge.errors import UserError
from trainer.flower.programs import check_installed

if TYPE_CHECKING:
    from trainer.config import RunConfig

app = typer.Typer(help="Federations of several machines.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Federations of several machines, by Flower."""
    check_installed()


@app.command()
def trial(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the run's results.")],
    nodes: Annotated[int, typer.Option(min=1, help="SuperNodes.")] = 2,
    devices: Annotated[str, typer.Option(help="Emulated boards behind each SuperNode, such as qemu:2; none.")] = "none",
    options: Annotated[str, typer.Option(help="The run's options, such as 'rounds = 3, clients = 4'.")] = "",
) -> None:
    """One SuperLink and some SuperNodes on loopback, with TLS and node authentication; one run; then all ends."""
    from trainer.flower.loopback import loopback
    from trainer.flower.options import read_run_config

    asked = f"out = '{out.resolve()}'" + (f", {options}" if options else "")
    config, _ = read_run_config({"options": asked})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fp-flower-")))
        settings = {number: _settings(stack, config, devices) for number in range(nodes)}
        federation = stack.enter_context(loopback(folder, settings))
        print(f"SuperLink at 127.0.0.1:{federation.port}, {nodes} SuperNodes", file=sys.stderr, flush=True)
        _show(federation.run(asked))
    if not (out / "summary.json").is_file():
        raise UserError(f"the run has left no {out / 'summary.json'}; its own words are above")


@app.command()
def credentials(
    *,
    out: Annotated[Path, typer.Option(help="Folder for them.")],
    nodes: Annotated[int, typer.Option(min=1, help="SuperNodes.")] = 2,
    name: Annotated[list[str] | None, typer.Option(help="Name or address of the SuperLink's machine.")] = None,
) -> None:
    """Certificates and keys for a trial: an authority's, the SuperLink's, and a pair for each SuperNode."""
    from trainer.flower.credentials import make_credentials

    found = make_credentials(out, nodes, name or ())
    for file in (found.authority, found.certificate, found.key, *(part for pair in found.nodes for part in pair)):
        print(file)


@app.command()
def link(
    *,
    root_certificates: Annotated[Path, typer.Option(help="Certificate of the authority that signed the SuperLink's.")],
    certificate: Annotated[Path, typer.Option(help="The SuperLink's certificate.")],
    key: Annotated[Path, typer.Option(help="Its private key.")],
    host: Annotated[str, typer.Option(help="Address of this machine to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port to listen at.")] = 8000,
    database: Annotated[Path, typer.Option(help="File of nodes, keys and runs.")] = Path("superlink.db"),
) -> None:
    """The SuperLink on this machine, until it is ended; what will not work is said before it starts."""
    from trainer.flower.link import LinkOptions, run_link

    run_link(LinkOptions(host, port, database, root_certificates, certificate, key))


@app.command()
def node(
    *,
    superlink: Annotated[str, typer.Option(help="Address of the SuperLink, such as server.example:8000.")],
    root_certificates: Annotated[Path, typer.Option(help="Certificate of the authority that signed the SuperLink's.")],
    key: Annotated[Path, typer.Option(help="Private key of this SuperNode; its public one is registered.")],
    partition_id: Annotated[int, typer.Option(help="Number of this SuperNode, from 0.")],
    num_partitions: Annotated[int, typer.Option(help="SuperNodes of the federation.")],
    devices: Annotated[str, typer.Option(help="Boards behind it that run already: /dev/ttyACM0, socket://…")] = "",
    data_dir: Annotated[str, typer.Option(help="Where the data set's files are on this machine.")] = "",
) -> None:
    """A SuperNode on this machine, until it is ended; what will not work is said before it starts."""
    from trainer.flower.node import NodeOptions, run_node

    placed = {"partition-id": partition_id, "num-partitions": num_partitions}
    named = {name: value for name, value in {"devices": devices, "data-dir": data_dir}.items() if value}
    run_node(NodeOptions(superlink, root_certificates, key, {**placed, **named}))


def _settings(stack: ExitStack, config: "RunConfig", devices: str) -> dict[str, str]:
    from trainer.fleet.serve import serving
    from trainer.quiet import quiet_output

    if devices == "none":
        return {}
    with quiet_output():
        return {"devices": ",".join(stack.enter_context(serving(config, devices)))}


def _show(lines: Iterable[str]) -> None:
    """Pass on what the run says, without Flower's own lines."""
    for line in lines:
        if line.strip() and not any(mark in line for mark in ("INFO", "DEBUG")):
            print(line.rstrip(), file=sys.stderr, flush=True)


def main() -> None:
    """Run the command line."""
    run_app(app)


if __name__ == "__main__":
    main()

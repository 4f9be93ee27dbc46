"""The command line: ``python -m host_bridge info|infer|… --port URL``; ``--help`` lists the commands."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from host_bridge.cli_learner import monitor, pull, push, train
from host_bridge.cli_options import WAIT_SECONDS, Baud, Debug, Json, Key, Port, Timeout, Wait, connect
from host_bridge.console import print_json
from host_bridge.errors import UserError
from host_bridge.keys import new_key
from host_bridge.samples import load_inputs, save_outputs, split_samples
from host_bridge.selftest import run_selftest
from host_bridge.transport import DEFAULT_BAUD

app = typer.Typer(help="Talk to a board that runs this project's firmware.", no_args_is_help=True, add_completion=False)

_SHOWN_VALUES = 16


@app.command()
def info(
    *,
    port: Port,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Which board and which model are these?"""
    with connect(port, baud, timeout, wait, key, debug=debug) as board:
        answer = board.info()
        _print_fields({**asdict(answer), "selftest_crc32": f"{answer.selftest_crc32:08x}"}, json)


@app.command()
def stats(
    *,
    port: Port,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Frames, errors, runs of the model, stack use and ticks since the board was reset."""
    with connect(port, baud, timeout, wait, key, debug=debug) as board:
        _print_fields(asdict(board.stats()), json)


@app.command()
def fault(
    *,
    port: Port,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """What made the board reset itself, if anything did since power-up; registers in hexadecimal."""
    with connect(port, baud, timeout, wait, key, debug=debug) as board:
        answer = asdict(board.fault())
        plain = ("count", "exception")
        _print_fields({key: value if key in plain else f"0x{value:08x}" for key, value in answer.items()}, json)


@app.command()
def infer(
    *,
    port: Port,
    inputs: Annotated[Path, typer.Option(help="int8 .npy file: one sample, or an array (samples, …).")],
    out: Annotated[Path | None, typer.Option(help="Write the outputs here: int8 .npy, (samples, outputs).")] = None,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Run the model on samples from a file."""
    array = load_inputs(inputs)
    with connect(port, baud, timeout, wait, key, debug=debug) as board:
        if not board.info().input_bytes:
            raise UserError(f"the board at {port} learns and runs no inference; see push, train and pull")
        samples = split_samples(array, board.info().input_bytes, inputs)
        results = [board.infer(sample) for sample in samples]
        tick_hz = board.info().tick_hz
    if out is not None:
        save_outputs(out, [result.output for result in results])
    values = [[byte - 256 if byte > 127 else byte for byte in result.output] for result in results]
    if json:
        ticks = [result.ticks for result in results]
        print_json({"samples": len(results), "outputs": values, "ticks": ticks, "tick_hz": tick_hz})
        return
    for index, (result, row) in enumerate(zip(results, values, strict=True)):
        more = " …" if len(row) > _SHOWN_VALUES else ""
        print(f"{index}: {' '.join(map(str, row[:_SHOWN_VALUES]))}{more}  ({result.ticks} ticks)")


@app.command()
def selftest(
    *,
    port: Port,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Check link and model: echoes, a corrupted frame, a repeated frame, the known answer. Exit code 1 if one fails."""
    with connect(port, baud, timeout, wait, key, debug=debug) as board:
        checks = run_selftest(board)
    passed = all(check.passed for check in checks)
    if json:
        print_json({"passed": passed, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.seen}")
    if not passed:
        raise typer.Exit(1)


@app.command(name="new-key")
def make_key(out: Annotated[Path, typer.Argument(help="File that the key is written to; must not exist.")]) -> None:
    """Make a key for a board, for firmware_gen build --key and for --key here."""
    new_key(out)
    print(out)


for command in (push, train, pull, monitor):
    app.command()(command)


def _print_fields(fields: dict[str, int | str], json: bool) -> None:
    if json:
        print_json(fields)
        return
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        print(f"{name:<{width}}  {value}")

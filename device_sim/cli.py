"""The command line: ``python -m device_sim run|verify|proxy|boards``."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from host_bridge.console import print_json

app = typer.Typer(help="Run models on emulated boards.", no_args_is_help=True, add_completion=False)

EXIT_MISMATCH = 1

Model = Annotated[Path, typer.Argument(help="An int8 .tflite file.")]
BoardName = Annotated[str, typer.Option("--board", help="A board's name (see `boards`), or a board file.")]
EmulatorName = Annotated[str, typer.Option("--emulator", help="auto, renode, qemu or native.")]
Out = Annotated[Path | None, typer.Option("--out", help="Keep the generated project in this folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]


@app.command()
def verify(
    model: Model,
    *,
    board: BoardName,
    inputs: Annotated[Path | None, typer.Option(help="int8 .npy: one sample, or (samples, *input shape).")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Random samples, where --inputs is not given.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random samples.")] = 0,
    emulator: EmulatorName = "auto",
    out: Out = None,
    sanitize: Annotated[bool, typer.Option("--sanitize", help="With --emulator native: sanitized build.")] = False,
    optimize: Annotated[
        Literal["speed", "balanced", "size"], typer.Option(help="What encodings of weights are chosen for.")
    ] = "balanced",
    metrics: Annotated[Path | None, typer.Option(help="With Renode: keep its execution metrics in this file.")] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Instructions of each layer; on a mismatch, the first layer that differs.")
    ] = False,
    json: Json = False,
) -> None:
    """Send inputs to the model on a board; exit code 1 if an output byte differs from the oracle's."""
    from device_sim.console import progress_line, verify_lines
    from device_sim.profile_console import print_profile
    from device_sim.samples import input_shape, load_samples, random_samples
    from device_sim.verify import verify_model

    shape = input_shape(model)
    array = random_samples(shape, samples, seed) if inputs is None else load_samples(inputs, shape)
    with progress_line() as progress:
        report = verify_model(
            model, board, array,
            emulator=emulator, out=out, sanitize=sanitize, metrics=metrics, profile=profile, optimize=optimize,
            progress=progress,
        )  # fmt: skip
    if json:
        print_json(report.model_dump())
    else:
        for name, value in verify_lines(report):
            print(f"{name:<17} {value}")
        if report.profile is not None:
            print_profile(report.profile)
    if not report.passed:
        raise typer.Exit(EXIT_MISMATCH)


@app.command()
def run(
    model: Model,
    *,
    board: BoardName,
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    emulator: EmulatorName = "auto",
    out: Out = None,
    json: Json = False,
) -> None:
    """Boot the model on a board, print its serial URL, and serve until Ctrl-C."""
    from device_sim.run import running_board, serve

    with running_board(model, board, emulator=emulator, port=port, out=out) as (emulated, info):
        if json:
            print_json(
                {
                    "url": emulated.url,
                    "board": info.board_name,
                    "emulator": emulated.name,
                    "emulator_version": emulated.version,
                    "model": info.model_name,
                }
            )
        else:
            print(emulated.url)
            print(
                f"{info.model_name} on {emulated.name} {emulated.version} ({emulated.machine}); Ctrl-C ends it",
                file=sys.stderr,
            )
        sys.stdout.flush()
        try:
            serve(emulated)
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


@app.command()
def proxy(
    *,
    target: Annotated[str, typer.Option(help="The board's serial URL.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    drop: Annotated[float, typer.Option(help="Probability that a byte does not arrive.")] = 0.0,
    flip: Annotated[float, typer.Option(help="Probability that one of a byte's bits arrives inverted.")] = 0.0,
    truncate: Annotated[float, typer.Option(help="Probability, per byte, that the rest of its frame is lost.")] = 0.0,
    cut: Annotated[float, typer.Option(help="Probability, per byte, that the line breaks.")] = 0.0,
    duplicate: Annotated[float, typer.Option(help="Probability that a frame arrives twice.")] = 0.0,
    delay: Annotated[float, typer.Option(help="Probability that a frame's end waits for --delay-seconds.")] = 0.0,
    delay_seconds: Annotated[float, typer.Option(help="How long it waits.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the faults: the same for the same bytes.")] = 0,
    baud: Annotated[int, typer.Option(min=1, help="Baud rate of a real serial port.")] = 115200,
) -> None:
    """Put a bad line in front of a board: print its serial URL, and serve until Ctrl-C."""
    from device_sim.faults import FaultRates
    from device_sim.proxy import serve_proxy

    rates = FaultRates(drop, flip, truncate, cut, duplicate, delay, delay_seconds)
    serve_proxy(target, rates, seed, port, baud)


@app.command()
def boards(*, json: Json = False) -> None:
    """List the boards: core, memory, the emulators that run them, and what was verified where."""
    from device_sim.board_list import board_entry, print_boards
    from firmware_gen.boards import board_names, load_board

    described = [load_board(name) for name in board_names()]
    if json:
        print_json({"version": 1, "boards": [board_entry(board) for board in described]})
    else:
        print_boards(described)

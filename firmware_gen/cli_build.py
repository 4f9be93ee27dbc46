"""``python -m firmware_gen build``: a firmware, or a library."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from firmware_gen.cli_tflm import Checkout, TflmRequest, Weights, build_for_tflm
from host_bridge.console import print_json
from host_bridge.errors import UserError
from host_bridge.keys import load_key

Models = Annotated[list[Path], typer.Argument(help="An int8 .tflite file; several share the runtime of one library.")]
Mode = Annotated[
    Literal["speed", "size", "balanced"], typer.Option("--optimize", help="What encodings of weights are chosen for.")
]
Format = Annotated[
    Literal["firmware", "lib"],
    typer.Option("--format", help="firmware: a CMake project for a board. lib: portable C with two functions."),
]
Layout = Annotated[
    Literal["plain", "cmake", "zephyr", "arduino", "platformio"],
    typer.Option(help="With --format lib: whose build files are added."),
]


def build(
    models: Models,
    *,
    board: Annotated[str | None, typer.Option(help="A board's name, or a board file; for a firmware.")] = None,
    out: Annotated[Path, typer.Option(help="Project folder; an earlier project there is replaced.")],
    format: Format = "firmware",  # noqa: A002
    layout: Layout | None = None,
    name: Annotated[str | None, typer.Option(help="With --format lib: name in C, after fp_net_.")] = None,
    target: Annotated[
        Literal["board", "native"], typer.Option(help="native: the same sources as a program of this machine.")
    ] = "board",
    sanitize: Annotated[bool, typer.Option("--sanitize", help="With --target native: sanitized build.")] = False,
    optimize: Mode = "balanced",
    key: Annotated[Path | None, typer.Option(help="The board's key: the firmware obeys only who has it.")] = None,
    runtime: Annotated[
        Literal["fp", "tflm"], typer.Option(help="fp: this project's. tflm: TensorFlow Lite Micro, in C++.")
    ] = "fp",
    tflm_weights: Weights = None,
    tflm_dir: Checkout = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")
    ] = False,
) -> None:
    """Build the C project, ELF, HEX and BIN; or write a C library."""
    if format == "lib":
        given = {"--board": board is not None, "--target": target != "board", "--sanitize": sanitize}
        _refuse("--format lib", given | {"--key": key is not None})
    else:
        _refuse("--format firmware", {"--layout": layout is not None, "--name": name is not None})
        _check_firmware(models, board)
    if runtime == "tflm":
        given = {"--layout": layout is not None, "--name": name is not None, "--sanitize": sanitize}
        _refuse("--runtime tflm", given | {"--key": key is not None})
        if len(models) > 1:
            raise UserError("--runtime tflm takes one model; build others into folders of their own")
        weights = tflm_weights or "program"
        build_for_tflm(TflmRequest(models[0], board, out, target, optimize, weights, tflm_dir), json=json)
        return
    _refuse("--runtime fp", {"--tflm-weights": tflm_weights is not None, "--tflm-dir": tflm_dir is not None})
    if format == "lib":
        _library(models, out, layout or "plain", name, optimize, json=json)
    elif board is not None:
        _firmware(models[0], board, out, target, optimize, sanitize=sanitize, key=key, json=json)


def _check_firmware(models: list[Path], board: str | None) -> None:
    if board is None:
        raise UserError("a firmware needs --board; python -m device_sim boards lists them, --format lib needs none")
    if len(models) > 1:
        raise UserError("a firmware holds one model; build several with --format lib")


def _refuse(format_option: str, given: dict[str, bool]) -> None:
    """Options that would have no effect."""
    for option, is_given in given.items():
        if is_given:
            raise UserError(f"{option} has no meaning with {format_option}; leave it out")


def _library(
    models: list[Path],
    out: Path,
    layout: Literal["plain", "cmake", "zephyr", "arduino", "platformio"],
    name: str | None,
    optimize: Literal["speed", "size", "balanced"],
    *,
    json: bool,
) -> None:
    from firmware_gen.library import build_library
    from firmware_gen.tables import print_library

    report = build_library(models, out, layout=layout, name=name, optimize=optimize)
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        print_library(report, out)


def _firmware(
    model: Path,
    board: str,
    out: Path,
    target: Literal["board", "native"],
    optimize: Literal["speed", "size", "balanced"],
    *,
    sanitize: bool,
    key: Path | None,
    json: bool,
) -> None:
    from firmware_gen.boards import load_board
    from firmware_gen.build import build_firmware
    from firmware_gen.tables import print_firmware

    secret = None if key is None else load_key(key)
    report = build_firmware(
        model, load_board(board), out, target=target, sanitize=sanitize, optimize=optimize, key=secret
    )
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        print_firmware(report, out)

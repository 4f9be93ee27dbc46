"""``python -m firmware_gen build --runtime tflm``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from host_bridge.console import print_json

TflmWeightsName = Literal["program", "decode", "plain"]
Weights = Annotated[
    TflmWeightsName | None,
    typer.Option(
        "--tflm-weights",
        help="With --runtime tflm: program puts our sparse kernels into a custom operator (the default), decode "
        "compresses by TFLM_DECODE, plain leaves the model as it is.",
    ),
]
Checkout = Annotated[
    Path | None,
    typer.Option("--tflm-dir", help="With --runtime tflm: checkout of TensorFlow Lite Micro, else that of TFLM_DIR."),
]


@dataclass(frozen=True)
class TflmRequest:
    """What the command line asks for; ``board`` is None for the sources only."""

    model: Path
    board: str | None
    out: Path
    target: Literal["board", "native"]
    optimize: Literal["speed", "size", "balanced"]
    weights: TflmWeightsName
    checkout: Path | None


def build_for_tflm(request: TflmRequest, *, json: bool) -> None:
    """Write the project, compile it where there is a board, and print the report."""
    from firmware_gen.boards import load_board
    from firmware_gen.tflm_runtime import TflmOptions, TflmReport, build_tflm_firmware, build_tflm_library
    from firmware_gen.tflm_runtime.table import print_tflm

    options = TflmOptions(request.weights, request.optimize)
    report: TflmReport
    if request.board is None:
        report = build_tflm_library(request.model, request.out, options)
    else:
        report = build_tflm_firmware(
            request.model, load_board(request.board), request.out, options,
            target=request.target, checkout=request.checkout,
        )  # fmt: skip
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        print_tflm(report, request.out)

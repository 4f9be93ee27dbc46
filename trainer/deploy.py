"""The last step of a run: the model on an emulated board, with the whole test set through its serial link."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device_sim.emulators import choose_emulator
from device_sim.report import VerifyReport
from device_sim.verify import verify_model
from firmware_gen.boards import load_board
from firmware_gen.fit import check_fit, demand
from firmware_gen.out_folder import REPORT_NAME
from firmware_gen.parse import parse_tflite
from firmware_gen.passes import compile_graph
from firmware_gen.report import FirmwareReport
from firmware_gen.toolchain import build_tool, find_compiler
from trainer.datasets import Dataset
from trainer.evaluate import accuracy_of
from trainer.int8 import quantise_inputs

FIRMWARE_FOLDER = "firmware"
_ELF = Path("build/firmware.elf")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Deployment:
    """A model on a board.

    Attributes:
        firmware: what was built.
        verify: how the board's outputs compare with the host's.
        accuracy: share of test samples that the board gets right, 0 to 1, from its own outputs.
    """

    firmware: FirmwareReport
    verify: VerifyReport
    accuracy: float


def check_deployable(board: str, emulator: str) -> None:
    """Find out before training what :func:`deploy` would stumble over after it.

    Args:
        board: a board's name, or the path of a board file.
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.

    Raises:
        UserError: unknown board or emulator, one that cannot run the other, or a missing program; names it.
    """
    chosen = choose_emulator(emulator, load_board(board))
    find_compiler(chosen.target)
    for tool in ("cmake", "ninja"):
        build_tool(tool)


def check_fits(model: Path, board: str, emulator: str) -> None:
    """Find out before training whether data alone is too much for a board; code is known only after linking.

    Args:
        model: the int8 ``.tflite`` file of the untrained model: masks and shapes, thus sizes, are final.
        board: a board's name, or the path of a board file.
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.

    Raises:
        UserError: the model does not fit; says by how much and which layer or tensor dominates.
    """
    described = load_board(board)
    if choose_emulator(emulator, described).target == "board":
        check_fit(demand(*compile_graph(parse_tflite(model), core=described.core.cpu)), described)


def deploy(
    model: Path, dataset: Dataset, board: str, emulator: str, out: Path, *, progress: Progress | None = None
) -> Deployment:
    """Build the firmware, boot it, and send it every test sample.

    Args:
        model: an int8 ``.tflite`` file.
        dataset: its test set is sent.
        board: a board's name, or the path of a board file.
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.
        out: folder of the run; the C project and what was built from it are kept in ``firmware`` there.
        progress: called with (samples done, samples).

    Raises:
        UserError: the model does not fit, a tool is missing, or the emulator dies or never answers.
    """
    project = out / FIRMWARE_FOLDER
    inputs = quantise_inputs(model, dataset.test_x)
    verify = verify_model(model, board, inputs, emulator=emulator, out=project, progress=progress)
    return Deployment(_firmware_report(project), verify, accuracy_of(verify.outputs, dataset.test_y))


def _firmware_report(project: Path) -> FirmwareReport:
    document = json.loads((project / REPORT_NAME).read_text(encoding="utf-8"))
    return FirmwareReport.model_validate({**document, "elf": project / _ELF})

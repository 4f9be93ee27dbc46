"""Build a model's firmware, run it on an emulated board, and compare every output byte with the oracle."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from device_sim.emulators import EmulatedBoard, choose_emulator
from device_sim.report import Mismatch, VerifyReport
from device_sim.samples import as_samples, input_shape
from device_sim.session import open_link
from firmware_gen.boards import load_board
from firmware_gen.build import FirmwareReport, build_firmware
from firmware_gen.oracle import run_oracle
from host_bridge import client
from host_bridge.errors import UserError

Int8 = npt.NDArray[np.int8]
Progress = Callable[[int, int], None]


def verify_model(
    model: Path,
    board: str,
    inputs: Int8,
    *,
    emulator: str = "auto",
    out: Path | None = None,
    sanitize: bool = False,
    progress: Progress | None = None,
) -> VerifyReport:
    """Verify one model on one board.

    Args:
        model: a ``.tflite`` file.
        board: a board's name, or the path of a board file.
        inputs: int8 ``(samples, *input_shape)``; samples may be flat.
        emulator: one of :data:`device_sim.emulators.EMULATOR_NAMES`.
        out: keep the generated project here; None throws it away.
        sanitize: build with address and undefined-behaviour sanitizers (``native`` only).
        progress: called with (samples done, samples).

    Raises:
        UserError: a bad input, a missing tool, a model that does not fit, an emulator that dies or never answers.
    """
    chosen = choose_emulator(emulator, load_board(board))
    if sanitize and chosen.target != "native":
        raise UserError(f"sanitizers need the native emulator, not {chosen.name}; add --emulator native")
    samples = as_samples(inputs, input_shape(model), "the input array")
    with _project_folder(out) as folder:
        described = load_board(board)
        firmware = build_firmware(model, described, folder, target=chosen.target, sanitize=sanitize)
        oracle = run_oracle(model, samples)
        with chosen.start(firmware.elf, described) as emulated, open_link(emulated) as link:
            _check_identity(link.info(), firmware, samples)
            outputs, ticks = _infer_all(link, samples, oracle.outputs.shape[1:], progress)
            stats = link.stats()
            measured = _instructions(emulated, ticks)
    return VerifyReport(
        board=described.name,
        emulator=emulated.name,
        emulator_version=emulated.version,
        machine=emulated.machine,
        samples=len(samples),
        oracle=oracle.name,
        **_comparison(oracle.outputs, outputs),
        **measured,
        flash_bytes=firmware.flash_bytes,
        ram_bytes=firmware.ram_bytes,
        stack_used_bytes=stats.stack_used or None,
        stack_worst_case_bytes=None if firmware.stack is None else firmware.stack.worst_case_bytes,
        rx_lost_bytes=stats.rx_lost,
        model_sha256=firmware.model_sha256,
        outputs=outputs,
    )


@contextmanager
def _project_folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="fp-firmware-") as folder:
        yield Path(folder) / "firmware"


def _check_identity(info: client.BoardInfo, firmware: FirmwareReport, samples: Int8) -> None:
    """The board must run the model that was just built."""
    if info.model_sha256 != firmware.model_sha256:
        raise UserError(
            f"the board runs model {info.model_sha256[:12]}…, not {firmware.model_sha256[:12]}…; "
            "is another program using the emulator's port?"
        )
    if info.input_bytes != samples[0].size:
        raise UserError(f"the board takes {info.input_bytes} input bytes, a sample has {samples[0].size}; rebuild")


def _infer_all(
    link: client.Board, samples: Int8, output_shape: tuple[int, ...], progress: Progress | None
) -> tuple[Int8, list[int]]:
    """Outputs int8 ``(samples, *output_shape)`` and the ticks of each run."""
    outputs = np.zeros((len(samples), *output_shape), np.int8)
    ticks = []
    for number, sample in enumerate(samples):
        result = link.infer(sample.tobytes())
        if len(result.output) != outputs[number].size:
            raise UserError(
                f"the board sends {len(result.output)} output bytes, the oracle {outputs[number].size}; rebuild"
            )
        outputs[number] = np.frombuffer(result.output, np.int8).reshape(output_shape)
        ticks.append(result.ticks)
        if progress is not None:
            progress(number + 1, len(samples))
    return outputs, ticks


def _comparison(expected: Int8, got: Int8) -> dict[str, Any]:
    """The report's keys that tell how two arrays ``(samples, …)`` differ."""
    differs = (expected != got).reshape(len(expected), -1)
    places = np.argwhere(differs)
    first = None
    if len(places):
        sample, index = (int(number) for number in places[0])
        first = Mismatch(sample=sample, index=index, expected=expected[sample].flat[index], got=got[sample].flat[index])
    return {"mismatched_samples": int(differs.any(axis=1).sum()), "first_mismatch": first}


def _instructions(emulated: EmulatedBoard, ticks: list[int]) -> dict[str, Any]:
    """The report's keys about instructions: all None where the emulator does not count them."""
    counts = [emulated.instructions(number) for number in (median(ticks), max(ticks) - min(ticks), 1)]
    middle, spread, step = counts
    return {
        "instructions_per_inference": None if middle is None else round(middle),
        "instructions_spread": None if spread is None else round(spread),
        "instructions_per_tick": step,
    }

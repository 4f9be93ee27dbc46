"""Build a model's firmware, run it on an emulated board, and compare every output byte with the oracle."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from device_sim.emulators import EmulatedBoard, Emulator, choose_emulator
from device_sim.profile import Checked, profile_model
from device_sim.profiled_firmware import with_profile
from device_sim.report import Mismatch, VerifyReport
from device_sim.samples import as_samples, input_shape
from device_sim.session import open_link
from firmware_gen.boards import Board, load_board
from firmware_gen.build import FirmwareReport, build_firmware
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.oracle import run_oracle
from firmware_gen.report_files import write_report_files
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
    metrics: Path | None = None,
    profile: bool = False,
    optimize: Optimize = DEFAULT,
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
        metrics: this file gets the emulator's execution metrics (``renode`` only).
        profile: measure layer by layer with a build of its own, and name the first layer that differs; with ``out``
            the report there gets the figures.
        optimize: what encodings are chosen for.
        progress: called with (samples done, samples).

    Raises:
        UserError: a bad input, a missing tool, a model that does not fit, an emulator that dies or never answers.
    """
    chosen = choose_emulator(emulator, load_board(board))
    if sanitize and chosen.target != "native":
        raise UserError(f"sanitizers need the native emulator, not {chosen.name}; add --emulator native")
    if metrics and chosen.start_metered is None:
        raise UserError(f"{chosen.name} keeps no execution metrics; add --emulator renode")
    samples = as_samples(inputs, input_shape(model), "the input array")
    with _project_folder(out) as folder:
        described = load_board(board)
        firmware = build_firmware(model, described, folder, target=chosen.target, sanitize=sanitize, optimize=optimize)
        oracle = run_oracle(model, samples)
        with _started(chosen, firmware.elf, described, metrics) as emulated, open_link(emulated) as link:
            _check_identity(link.info(), firmware, samples)
            outputs, counts = _infer_all(emulated, link, samples, oracle.outputs.shape[1:], progress)
            stats = link.stats()
            measured = _instructions(emulated, counts)
        found = None
        if profile:
            found = profile_model(model, described, chosen, Checked(samples, oracle.outputs, outputs))
            write_report_files(with_profile(firmware, found, stats.stack_used or None), folder)
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
        profile=found,
        outputs=outputs,
    )


@contextmanager
def _project_folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="fp-firmware-") as folder:
        yield Path(folder) / "firmware"


def _started(
    emulator: Emulator, elf: Path, board: Board, metrics: Path | None
) -> AbstractContextManager[EmulatedBoard]:
    if metrics and emulator.start_metered:
        return emulator.start_metered(elf, board, metrics=metrics)
    return emulator.start(elf, board)


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
    emulated: EmulatedBoard,
    link: client.Board,
    samples: Int8,
    output_shape: tuple[int, ...],
    progress: Progress | None,
) -> tuple[Int8, list[float]]:
    """Outputs int8 ``(samples, *output_shape)`` and the instructions of each run, where they are counted."""
    outputs = np.zeros((len(samples), *output_shape), np.int8)
    counts = []
    for number, sample in enumerate(samples):
        result = link.infer(sample.tobytes())
        if len(result.output) != outputs[number].size:
            raise UserError(
                f"the board sends {len(result.output)} output bytes, the oracle {outputs[number].size}; rebuild"
            )
        outputs[number] = np.frombuffer(result.output, np.int8).reshape(output_shape)
        if (count := emulated.run_instructions(result.ticks)) is not None:
            counts.append(count)
        if progress is not None:
            progress(number + 1, len(samples))
    return outputs, counts


def _comparison(expected: Int8, got: Int8) -> dict[str, Any]:
    """The report's keys that tell how two arrays ``(samples, …)`` differ."""
    differs = (expected != got).reshape(len(expected), -1)
    places = np.argwhere(differs)
    first = None
    if len(places):
        sample, index = (int(number) for number in places[0])
        first = Mismatch(sample=sample, index=index, expected=expected[sample].flat[index], got=got[sample].flat[index])
    return {"mismatched_samples": int(differs.any(axis=1).sum()), "first_mismatch": first}


def _instructions(emulated: EmulatedBoard, counts: list[float]) -> dict[str, Any]:
    """The report's keys about instructions: all None where the emulator does not count them."""
    return {
        "instructions_per_inference": round(median(counts)) if counts else None,
        "instructions_spread": round(max(counts) - min(counts)) if counts else None,
        "instructions_per_tick": emulated.instructions_per_tick,
    }

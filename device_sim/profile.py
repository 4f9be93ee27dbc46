"""A model on a board, call by call: instructions of each layer, and the first layer that differs from the reference."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from device_sim.emulators import EmulatedBoard, Emulator
from device_sim.layer_values import Expected, elements, expected_after, reference_values
from device_sim.report import LayerDifference, LayerProfile, ProfileReport
from device_sim.session import open_link
from firmware_gen.boards import Board
from firmware_gen.build import build_firmware
from firmware_gen.compiled import CompiledModel, compile_file
from firmware_gen.encodings.choice import DEFAULT
from firmware_gen.graph import Graph
from firmware_gen.passes import computed_graph
from firmware_gen.program import ConvertCall
from firmware_gen.ram_map.arena import ends_layer, layer_numbers
from host_bridge import client
from host_bridge.profile import read_arena, run_call, write_input

Int8 = npt.NDArray[np.int8]
TIMED_SAMPLES = 3
COMPARED_SAMPLES = 3


@dataclass(frozen=True)
class Checked:
    """Samples that a board has run: int8 (samples, *input shape), and the oracle's outputs and the board's."""

    samples: Int8
    expected: Int8
    got: Int8

    @property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """By sample, whether an output byte differs."""
        wrong: npt.NDArray[np.bool_] = (self.expected != self.got).reshape(len(self.samples), -1).any(axis=1)
        return wrong


@dataclass(frozen=True)
class _Session:
    """A board that runs the profiling build of a model."""

    model: CompiledModel
    graph: Graph
    emulated: EmulatedBoard
    link: client.Board


def profile_model(model: Path, board: Board, emulator: Emulator, checked: Checked) -> ProfileReport:
    """Measure every layer, and compare every tensor on the board with the reference's.

    Args:
        model: a ``.tflite`` file.
        board: where it runs.
        emulator: what runs it.
        checked: samples, of which the first few are timed; those whose output is wrong are compared layer by layer, or
            where there are none the first.

    Raises:
        UserError: a missing tool, a model that does not fit with the code for profiling, an emulator that dies.
    """
    with _running(model, board, emulator) as session:
        counts = [_counted(session, sample) for sample in checked.samples[:TIMED_SAMPLES]]
        compared = [int(number) for number in np.flatnonzero(checked.wrong)[:COMPARED_SAMPLES]] or [0]
        references = [reference_values(session.graph, checked.samples[number]) for number in compared]
        pairs = zip(compared, references, strict=True)
        found = (_first(session, number, checked.samples[number], values) for number, values in pairs)
        difference = next((one for one in found if one is not None), None)
        calls = _medians(counts)
        layers = _layers(session, calls)
    outputs = [values[session.graph.output].reshape(-1) for values in references]
    return ProfileReport(
        layers=layers,
        calls=calls,
        samples=len(counts),
        instructions=_sum(calls),
        instructions_per_tick=session.emulated.instructions_per_tick,
        compared_samples=compared,
        first_difference=difference,
        reference_agrees=all(
            np.array_equal(output, checked.expected[number].reshape(-1))
            for number, output in zip(compared, outputs, strict=True)
        ),
    )


@contextmanager
def _running(model: Path, board: Board, emulator: Emulator) -> Iterator[_Session]:
    compiled = compile_file(model, DEFAULT)
    with tempfile.TemporaryDirectory(prefix="fp-profile-") as folder:
        firmware = build_firmware(model, board, Path(folder) / "firmware", target=emulator.target, profile=True)
        with emulator.start(firmware.elf, board) as emulated, open_link(emulated) as link:
            yield _Session(compiled, computed_graph(compiled.graph), emulated, link)


def _counted(session: _Session, sample: Int8) -> list[float | None]:
    """Instructions of every call for one sample; None where the emulator does not count them."""
    write_input(session.link, sample.tobytes())
    calls = range(len(session.model.program.calls))
    return [session.emulated.run_instructions(run_call(session.link, number)) for number in calls]


def _medians(counts: list[list[float | None]]) -> tuple[int | None, ...]:
    """Instructions by call: medians over the samples."""
    columns = ([count for count in column if count is not None] for column in zip(*counts, strict=True))
    return tuple(round(median(column)) if column else None for column in columns)


def _layers(session: _Session, instructions: tuple[int | None, ...]) -> tuple[LayerProfile, ...]:
    """Instructions by layer; conversions count for the layer that they serve."""
    calls = session.model.program.calls
    numbers = layer_numbers(calls)
    last = [call for call in calls if not isinstance(call, ConvertCall) and ends_layer(call)]
    return tuple(
        LayerProfile(
            layer=number,
            op=call.layer.op,
            name=call.layer.name,
            instructions=_sum([one for one, layer in zip(instructions, numbers, strict=True) if layer == number]),
            macs=call.layer.macs_kept,
        )
        for number, call in enumerate(last)
    )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _first(session: _Session, number: int, sample: Int8, values: dict[int, Int8]) -> LayerDifference | None:
    """The first layer after which the arena is not as the reference says, for one sample."""
    model, link = session.model, session.link
    layers = layer_numbers(model.program.calls)
    write_input(link, sample.tobytes())
    for position, call in enumerate(model.program.calls):
        run_call(link, position)
        expected = expected_after(call, session.graph, values)
        if expected is None:
            continue
        raw = read_arena(link, model.plan.offsets[call.target], expected.plane.bytes)
        got = elements(expected.plane, np.frombuffer(raw, np.int8))
        if not np.array_equal(got, expected.values):
            return _difference(number, layers[position], expected, got)
    return None


def _difference(sample: int, layer: int, expected: Expected, got: Int8) -> LayerDifference:
    differs = got != expected.values
    row, column, channel = (int(index) for index in np.argwhere(differs)[0])
    return LayerDifference(
        sample=sample,
        layer=layer,
        op=expected.layer.op,
        name=expected.layer.name,
        row=row,
        column=column,
        channel=channel,
        expected=int(expected.values[row, column, channel]),
        got=int(got[row, column, channel]),
        differing=int(np.count_nonzero(differs)),
        elements=got.size,
    )

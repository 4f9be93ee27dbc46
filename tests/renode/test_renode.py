"""The same as boards.robot and more, on Renode itself, where it is installed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from op_cases import CASES, OpCase, case_inputs
from probe_firmware import Probe, build_probe, knock, open_probe

from device_sim.emulators import start_boards, start_emulator
from device_sim.emulators.renode.install import find_renode
from device_sim.samples import input_shape
from device_sim.verify import verify_model
from firmware_gen.boards import Board, board_names, load_board
from host_bridge.errors import UserError

WITH_RENODE = [name for name in board_names() if load_board(name).emulators.renode]
CASE: OpCase = next(case for case in CASES if case.name == "network")
READING = 60
"""Instructions that one reading of the tick counter may add to a run."""


@pytest.fixture(autouse=True)
def needs_renode() -> None:
    try:
        find_renode()
    except UserError as error:
        if "renode is not installed" not in str(error):
            raise
        pytest.skip(str(error))


pytestmark = [pytest.mark.renode, pytest.mark.timeout(600)]


@pytest.fixture(params=WITH_RENODE)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Board, Probe, Path]]:
    board = load_board(request.param)
    elf = build_probe(board, tmp_path)
    with start_emulator("renode", elf, board) as emulated, open_probe(emulated.url) as probe:
        yield board, probe, elf


def test_a_board_boots_and_serves_its_uart(running: tuple[Board, Probe, Path]) -> None:
    board, probe, _ = running
    for size in (1, 2, 3, 64, 1040):
        burst = bytes(number % 251 for number in range(size))
        probe.send("e", size, burst)
        assert probe.receive(size) == burst, f"{size} bytes on {board.name}"
    assert probe.ask("t", 0)[0] == board.core.clock_hz, "the clock set-up is modelled, or does not hang"


def test_a_fault_resets_the_board_and_is_reported(running: tuple[Board, Probe, Path]) -> None:
    _, probe, _ = running
    probe.send("f", 0)
    knock(probe.connection)
    count, pc, *_ = probe.ask("r", 0, replies=5)
    assert count == 1 and pc > 0


@pytest.mark.parametrize("name", WITH_RENODE)
def test_a_model_is_exact(name: str, tmp_path: Path) -> None:
    model, inputs = write_model(tmp_path)
    report = verify_model(model, name, inputs, emulator="renode")
    assert (report.samples, report.mismatched_samples) == (len(inputs), 0), report.first_mismatch
    assert report.instructions_per_inference


def test_the_same_input_takes_the_same_instructions(tmp_path: Path) -> None:
    """Inputs differ by a few: what saturates takes other branches."""
    model, inputs = write_model(tmp_path)
    report = verify_model(model, "stm32f4_discovery", np.repeat(inputs[:1], 3, axis=0), emulator="renode")
    assert report.instructions_per_inference and report.instructions_spread == 0


@pytest.mark.qemu
def test_instructions_are_qemus(tmp_path: Path) -> None:
    """Within one reading of the tick counter and QEMU's own resolution, for the whole and layer by layer."""
    model, inputs = write_model(tmp_path)
    ours, qemus = (
        verify_model(model, "stm32f4_discovery", inputs, emulator=name, profile=True) for name in ("renode", "qemu")
    )
    step = qemus.instructions_per_tick or 0
    assert ours.instructions_per_inference and qemus.instructions_per_inference
    assert abs(ours.instructions_per_inference - qemus.instructions_per_inference) <= READING + step
    assert ours.profile and qemus.profile
    for one, other in zip(ours.profile.calls, qemus.profile.calls, strict=True):
        assert one is not None and other is not None and abs(one - other) <= READING + step


def test_metrics_are_written(tmp_path: Path) -> None:
    """The file starts with one core of a name, as Renode's own parser reads it."""
    model, inputs = write_model(tmp_path)
    verify_model(model, "stm32f4_discovery", inputs, emulator="renode", metrics=tmp_path / "metrics.dump")
    content = (tmp_path / "metrics.dump").read_bytes()
    cores, _, length = np.frombuffer(content[:12], "<i4")
    assert cores == 1 and content[12 : 12 + length].decode().endswith("cpu")


def test_many_boards_in_one_process(tmp_path: Path) -> None:
    board = load_board("stm32f4_discovery")
    elf = build_probe(board, tmp_path)
    with start_boards("renode", [elf] * 4, board) as boards:
        for number, emulated in enumerate(boards):
            with open_probe(emulated.url) as probe:
                probe.send("e", 1, bytes([number]))
                assert probe.receive(1) == bytes([number])


@pytest.mark.parametrize("name", ["stm32f4_discovery", "nrf52840dk"])
def test_boards_train_a_round_as_the_host_does(name: str) -> None:
    """Two clients of three are boards in one Renode."""
    from tiny_federation import WORK, plan
    from tiny_fleet import TinyFleet

    from trainer.algorithms.rounds import run_round

    tiny = TinyFleet()
    with tiny.boards(f"renode:2@{name}") as engine:
        with_boards, _ = run_round(tiny.state(), engine, plan(work=WORK))
    assert [record.rounds for record in engine.boards] == [1, 1]
    without, _ = run_round(tiny.state(), tiny.local(), plan(work=WORK))
    for one, other in zip(with_boards.weights, without.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)


def write_model(folder: Path) -> tuple[Path, np.ndarray]:
    path = folder / "model.tflite"
    path.write_bytes(CASE.model())
    return path, case_inputs(CASE, int(np.prod(input_shape(path))))

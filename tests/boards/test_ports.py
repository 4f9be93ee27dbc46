"""The ports on emulated boards: UART, ring, tick counter, stack measurement."""

import contextlib
import random
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from probe_firmware import Probe, build_probe, knock, open_probe, require

from device_sim.emulators import EmulatedBoard, start_emulator
from firmware_gen.boards import Board, board_names, load_board

RING_BYTES = 2048
DRIVERS = ["stm32f4_discovery", "mps2_an386"]  # a board for each driver
WITH_QEMU = [name for name in board_names() if load_board(name).emulators.qemu is not None]
VERIFIED = [name for name in board_names() if any(one.on == "qemu" for one in load_board(name).verified)]

pytestmark = pytest.mark.qemu


@pytest.fixture(scope="module", params=DRIVERS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    require("qemu-system-arm")
    board = load_board(request.param)
    elf = build_probe(board, tmp_path_factory.mktemp(board.name))
    with start_emulator("qemu", elf, board) as emulated, open_probe(emulated.url) as probe:
        yield board, emulated, probe


@pytest.fixture
def board(running: tuple[Board, EmulatedBoard, Probe]) -> Board:
    return running[0]


@pytest.fixture
def emulated(running: tuple[Board, EmulatedBoard, Probe]) -> EmulatedBoard:
    return running[1]


@pytest.fixture
def probe(running: tuple[Board, EmulatedBoard, Probe]) -> Probe:
    return running[2]


def test_bursts_within_the_window_are_lossless(probe: Probe) -> None:
    sent = random.Random(1).randbytes(65536)
    probe.send("e", len(sent))
    for start in range(0, len(sent), RING_BYTES):
        burst = sent[start : start + RING_BYTES]
        probe.connection.sendall(burst)
        assert probe.receive(len(burst)) == burst


def test_single_bytes_wake_the_board(probe: Probe) -> None:
    """A wake-up lost between test and sleep would leave a byte waiting."""
    probe.send("e", 200)
    for number in range(200):
        probe.connection.sendall(bytes([number]))
        assert probe.receive(1) == bytes([number])


@pytest.mark.parametrize("iterations", [1000, 1_000_000, 40_000_000])
def test_ticks_count_instructions(emulated: EmulatedBoard, probe: Probe, iterations: int) -> None:
    """40 million iterations pass a wrap of the 24-bit counter on the fast board; reading costs some instructions."""
    (ticks,) = probe.ask("l", iterations, replies=1)
    step = emulated.instructions(1)
    instructions = emulated.instructions(ticks)
    assert step is not None and instructions is not None
    assert 2 * iterations - step <= instructions <= 2 * iterations + 150 + step


def test_ticks_never_go_backwards(board: Board, probe: Probe) -> None:
    """Over a wrap of the 24-bit counter where the clock is fast enough to wait for one."""
    assert board.emulators.qemu is not None
    fast = board.core.clock_hz > 100_000_000
    for _ in range(4):
        if fast:
            assert probe.ask("w", (1 << 24) - 3000, replies=1) == (0,)
        largest, backwards = probe.ask("m", 4000)
        assert backwards == 0
        assert 0 < largest * 1e9 / board.emulators.qemu.tick_hz < 400


def test_stack_use_is_measured(board: Board, probe: Probe) -> None:
    before, after = probe.ask("d", 3000)
    assert 0 < before < 1000
    assert 3000 <= after < board.stack_bytes
    assert probe.ask("d", 10) == (after, after)


def test_bytes_beyond_the_ring_are_counted(probe: Probe) -> None:
    probe.send("o", 100, bytes(RING_BYTES + 100))
    assert int.from_bytes(probe.receive(8), "little") == RING_BYTES
    assert int.from_bytes(probe.receive(8), "little") == 100
    assert probe.ask("t", 0)[1] == 0, "the board must go on answering"


def test_reported_clock_is_what_runs(board: Board, probe: Probe) -> None:
    """QEMU models no STM32 clock tree: the firmware must notice and say 16 MHz."""
    expected = 16_000_000 if board.clock.driver == "stm32f4_pll" else board.core.clock_hz
    assert probe.ask("t", 0)[0] == expected


@pytest.mark.parametrize("optimise", ["-O0", "-Os"])
@pytest.mark.parametrize("name", VERIFIED)
def test_every_verified_board_boots_and_echoes(tmp_path: Path, name: str, optimise: str) -> None:
    """What the board files say was verified still is, by the QEMU that is here."""
    require("qemu-system-arm")
    board = load_board(name)
    with (
        start_emulator("qemu", build_probe(board, tmp_path, optimise=optimise), board) as emulated,
        open_probe(emulated.url) as probe,
    ):
        probe.send("e", 1500, bytes(range(250)) * 6)
        assert probe.receive(1500) == bytes(range(250)) * 6


def address_range(elf: Path, symbol: str) -> range:
    listing = subprocess.run(["arm-none-eabi-nm", "-S", elf], capture_output=True, text=True, check=True).stdout
    (start, size) = next(line.split()[:2] for line in listing.splitlines() if line.endswith(f" {symbol}"))
    return range(int(start, 16) & ~1, (int(start, 16) & ~1) + int(size, 16))


def test_a_fault_is_reported_after_the_reset(tmp_path: Path) -> None:
    """UsageFault and BusFault are off after reset, so both come as a forced hard fault (Arm DDI 0403, B1.5.14)."""
    require("qemu-system-arm")
    board = load_board("stm32f4_discovery")
    elf = build_probe(board, tmp_path)
    undefined, precise, forced = 1 << 16, 1 << 9 | 1 << 15, 1 << 30
    with start_emulator("qemu", elf, board) as emulated, open_probe(emulated.url) as probe:
        assert probe.ask("r", 0, replies=5) == (0, 0, 0, 0, 0), "a board that has just been switched on"
        for number, (how, status, address) in enumerate([(0, undefined, 0), (1, precise, 0xA000_0000)] * 2, start=1):
            probe.send("f", how)
            knock(probe.connection)
            count, pc, cfsr, hfsr, accessed = probe.ask("r", 0, replies=5)
            assert (count, cfsr, hfsr, accessed) == (number, status, forced, address)
            assert pc in address_range(elf, "crash")


HOPELESS = """#include "board.h"
int main(void) {
    fp_board_init();
    const fp_port *port = fp_board_port();
    uint8_t byte;
    while (port->read(port->context, &byte, 1) == 0) {
    }
    byte = (uint8_t)port->fault->count;
    port->write(port->context, &byte, 1);
    __asm volatile("udf #0");
    return 0;
}
"""


def test_a_firmware_that_cannot_start_does_not_try_for_ever(tmp_path: Path) -> None:
    """Three times it says how often it has failed before, whenever it is spoken to; then it stops."""
    require("qemu-system-arm")
    board = load_board("stm32f4_discovery")
    source = tmp_path / "hopeless.c"
    source.write_text(HOPELESS)
    with start_emulator("qemu", build_probe(board, tmp_path, application=source), board) as emulated:
        host, port = emulated.url.removeprefix("socket://").split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.settimeout(0.2)
            received = b""
            for _ in range(30):
                connection.sendall(b"?")
                with contextlib.suppress(TimeoutError):
                    received += connection.recv(16)
    assert received == b"\0\1\2"


def test_a_stack_overflow_is_a_fault(tmp_path: Path) -> None:
    """The stack lies at the start of RAM, so the board faults instead of going on with overwritten data."""
    require("qemu-system-arm")
    board = load_board("stm32f4_discovery")
    with (
        start_emulator("qemu", build_probe(board, tmp_path), board) as emulated,
        open_probe(emulated.url) as probe,
    ):
        probe.send("d", 20_000)
        probe.receive(8)
        knock(probe.connection)
        count, _, cfsr, hfsr, _ = probe.ask("r", 0, replies=5)
        assert (count, hfsr) == (1, 1 << 30)
        assert cfsr & (1 << 9 | 1 << 12), "a store or the core's own pushing went below RAM"
        assert probe.ask("d", 100)[0] < 1000, "a new life with a stack of its own"

"""The port for the host, built with sanitizers."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from probe_firmware import build_probe, open_probe

from device_sim.emulators import start_emulator
from firmware_gen.boards import Board, load_board
from host_bridge.errors import UserError


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("mps2_an386")


@pytest.fixture(scope="module")
def program(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_probe(board, tmp_path_factory.mktemp("native"), target="native", optimise="-O1")


@pytest.fixture
def process(program: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        yield running
        running.kill()


def greeting(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    word, number = process.stdout.readline().split()
    assert word == b"listening"
    return int(number)


def test_bytes_come_back_and_time_passes(board: Board, program: Path) -> None:
    with start_emulator("native", program, board) as emulated, open_probe(emulated.url) as probe:
        data = bytes(range(256)) * 256
        probe.send("e", len(data))
        for start in range(0, len(data), 4096):
            probe.connection.sendall(data[start : start + 4096])
            assert probe.receive(4096) == data[start : start + 4096]
        largest, backwards = probe.ask("m", 10000)
        assert largest > 0
        assert backwards == 0
        assert probe.ask("t", 0)[0] == 1_000_000_000
        assert emulated.instructions(5) is None


def test_one_client_after_the_other(board: Board, program: Path) -> None:
    with start_emulator("native", program, board) as emulated:
        for _ in range(3):
            with open_probe(emulated.url) as probe:
                assert probe.ask("t", 0)[1] == 0


def test_it_ends_when_its_input_ends(process: subprocess.Popen[bytes]) -> None:
    greeting(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_it_ends_when_its_input_ends_with_a_client_connected(process: subprocess.Popen[bytes]) -> None:
    with open_probe(f"socket://127.0.0.1:{greeting(process)}"):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_it_ends_on_sigterm(process: subprocess.Popen[bytes]) -> None:
    greeting(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM


def test_a_port_in_use_is_reported(board: Board, program: Path, process: subprocess.Popen[bytes]) -> None:
    port = greeting(process)
    with pytest.raises(UserError, match=f"cannot listen at port {port}"):
        start_emulator("native", program, board, port).__enter__()
    second = subprocess.run([program, str(port)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "127.0.0.1: Address already in use" in second.stderr


@pytest.mark.parametrize("arguments", [["x"], ["-1"], ["65536"], ["80x"], [""], ["1", "2"]])
def test_bad_arguments_are_refused(program: Path, arguments: list[str]) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no stomach for this >&2; exit 4", "ended with exit code 4: no stomach for this"),
        ("echo hello; sleep 600", "greets with b'hello"),
        ("exit 0", "ended with exit code 0: it gave no reason"),
    ],
)
def test_a_program_that_does_not_greet_is_refused(board: Board, tmp_path: Path, script: str, message: str) -> None:
    program = tmp_path / "firmware"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(UserError, match=message), start_emulator("native", program, board):
        pass


def test_a_silent_program_is_given_up(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_sim.emulators.native.START_SECONDS", 0.5)
    program = tmp_path / "firmware"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    with (
        pytest.raises(UserError, match=r"did not start to listen within 0\.5 s"),
        start_emulator("native", program, board),
    ):
        pass

"""No emulator outlives its user, and one that fails says why."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from device_sim.emulators import choose_emulator, start_emulator
from device_sim.emulators.child import Child
from device_sim.session import open_link
from firmware_gen.board_render import compile_flags, render_board_files
from firmware_gen.boards import load_board
from host_bridge.errors import UserError
from trainer.fleet.places import Emulated, parse_places

BOARD = load_board("stm32f4_discovery")
ROOT = Path(__file__).resolve().parents[2]
FakeQemu = Callable[..., None]


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.elf"
    path.write_bytes(b"")
    return path


@pytest.fixture
def fake_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeQemu:
    """Puts a qemu-system-arm on the PATH that answers --version and then runs the given shell lines."""

    def make(script: str, number: str = "9.9.9") -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "qemu-system-arm"
        version = f'[ "$1" = --version ] && {{ echo "QEMU emulator version {number}"; exit 0; }}'
        program.write_text(f"#!/bin/sh\n{version}\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return make


# --- choosing ---


def test_unknown_emulator_lists_the_choices() -> None:
    with pytest.raises(UserError, match="unknown emulator 'simics'; choose one of: auto, renode, qemu, native"):
        choose_emulator("simics", BOARD)


def test_a_missing_emulator_names_the_package(monkeypatch: pytest.MonkeyPatch, elf: Path) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    for name in ("auto", "qemu"):
        with pytest.raises(UserError, match="qemu-system-arm is not installed; install the package"):
            start_emulator(name, elf, BOARD)


def test_a_board_without_qemu_says_so() -> None:
    board = BOARD.model_copy(update={"emulators": type(BOARD.emulators)()})
    with pytest.raises(UserError, match=r"stm32f4_discovery has no \[emulators.qemu\] section"):
        choose_emulator("auto", board)


def test_a_missing_firmware_is_named(fake_qemu: FakeQemu, tmp_path: Path) -> None:
    fake_qemu("exit 0")
    with pytest.raises(UserError, match="no firmware at"), start_emulator("qemu", tmp_path / "no.elf", BOARD):
        pass


# --- failing ---


def test_an_emulator_that_dies_at_once_is_quoted(fake_qemu: FakeQemu, elf: Path) -> None:
    fake_qemu('echo "qemu: warning: nothing" >&2; echo "qemu: fatal: no such thing" >&2; echo R00=0 >&2; exit 3')
    start = time.monotonic()
    with (
        pytest.raises(UserError, match="QEMU ended with exit code 3: qemu: fatal: no such thing"),
        start_emulator("qemu", elf, BOARD) as emulated,
        open_link(emulated, ready_within=60),
    ):
        pass
    assert time.monotonic() - start < 20


def test_an_emulator_that_is_killed_is_noticed(fake_qemu: FakeQemu, elf: Path) -> None:
    fake_qemu("kill -9 $$")
    with start_emulator("qemu", elf, BOARD) as emulated, pytest.raises(UserError, match="killed by SIGKILL"):
        assert eventually(lambda: bool(emulated.check()))


def test_an_emulator_that_never_answers_is_given_up(fake_qemu: FakeQemu, elf: Path) -> None:
    """The connection succeeds (the listening socket is ours), but nothing comes back."""
    fake_qemu("exec sleep 600")
    start = time.monotonic()
    with (
        pytest.raises(UserError, match=r"did not answer at socket://127.0.0.1:[0-9]+ within 3 s"),
        start_emulator("qemu", elf, BOARD) as emulated,
        open_link(emulated, ready_within=3),
    ):
        pass
    assert 2.5 < time.monotonic() - start < 20


def test_an_emulator_without_a_version_is_refused(fake_qemu: FakeQemu, elf: Path, tmp_path: Path) -> None:
    fake_qemu("")
    (tmp_path / "bin" / "qemu-system-arm").write_text("not a program")
    with pytest.raises(UserError, match="--version does not answer"), start_emulator("qemu", elf, BOARD):
        pass


def test_a_port_in_use_is_reported(fake_qemu: FakeQemu, elf: Path) -> None:
    fake_qemu("exec sleep 600")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"cannot listen at port {port}: .*in use; choose another --port"):
            start_emulator("qemu", elf, BOARD, port).__enter__()


def test_a_chosen_port_is_used(fake_qemu: FakeQemu, elf: Path) -> None:
    fake_qemu("exec sleep 600")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with start_emulator("qemu", elf, BOARD, port) as emulated:
        assert emulated.url == f"socket://127.0.0.1:{port}"


# --- ending ---


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_exception(error: type[BaseException]) -> None:
    """The shell's own child is ended with it."""
    with pytest.raises(error), Child("it", ["sh", "-c", "sleep 600 & wait"]) as child:
        assert eventually(lambda: len(psutil.Process(child.process.pid).children()) == 1)
        pids = [child.process.pid, *(process.pid for process in psutil.Process(child.process.pid).children())]
        raise error
    assert len(pids) == 2
    assert eventually(lambda: all(gone(pid) for pid in pids))


def test_a_child_that_ignores_signals_is_ended() -> None:
    with Child("it", ["sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done"]) as child:
        time.sleep(0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_stopping_twice_is_allowed() -> None:
    child = Child("it", ["sleep", "600"])
    child.stop()
    child.stop()
    assert gone(child.process.pid)


def test_a_program_that_cannot_run_is_explained(tmp_path: Path) -> None:
    with (
        Child("it", [str(tmp_path / "nothing")]) as child,
        pytest.raises(UserError, match=r"it ended .* cannot run .*"),
    ):
        assert eventually(lambda: bool(child.check()))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: prctl(PR_SET_PDEATHSIG)")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_parent_leaves_no_child(number: signal.Signals) -> None:
    program = """
        import time
        from device_sim.emulators.child import Child
        with Child("it", ["sleep", "600"]) as child:
            print(child.process.pid, flush=True)
            time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert eventually(lambda: "sleep" in psutil.Process(pid).name())
        parent.send_signal(number)
        assert parent.wait(10) != 0
        assert eventually(lambda: gone(pid))
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


@pytest.mark.qemu
def test_qemu_reports_its_own_failure(elf: Path) -> None:
    if shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    elf.write_bytes(b"not an ELF file")
    assert BOARD.emulators.qemu is not None
    odd = BOARD.emulators.qemu.model_copy(update={"machine": "no-such-machine", "lacks": {}})
    board = BOARD.model_copy(update={"emulators": BOARD.emulators.model_copy(update={"qemu": odd})})
    with (
        pytest.raises(UserError, match=r"QEMU ended with exit code 1: .*machine"),
        start_emulator("qemu", elf, board) as emulated,
        open_link(emulated),
    ):
        pass


# --- machines that differ between versions of QEMU ---


def firmware_with_ccm(folder: Path) -> Path:
    """A firmware that has a variable in the second RAM, linked by the board's script."""
    write_files(folder, render_board_files(BOARD))
    (folder / "main.c").write_text(
        '__attribute__((section(".bss.second_ram"))) int there;\nvoid Reset_Handler(void) {}\n'
    )
    command = ["arm-none-eabi-gcc", *compile_flags(BOARD), "-nostdlib", "-T", "linker.ld", "-o", "ccm.elf", "main.c"]
    subprocess.run(command, check=True, cwd=folder)
    return folder / "ccm.elf"


def write_files(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)


def test_memory_that_an_older_qemu_lacks_is_named(fake_qemu: FakeQemu, tmp_path: Path) -> None:
    fake_qemu("exit 3", "7.2.22")
    elf = firmware_with_ccm(tmp_path)
    message = r"uses ccm, which netduinoplus2 has from QEMU 8\.0 on, and this is 7\.2\.22"
    with pytest.raises(UserError, match=message), start_emulator("qemu", elf, BOARD):
        pass


@pytest.mark.parametrize("version", ["8.0.0", "10.1.2"])
def test_a_newer_qemu_starts_it(fake_qemu: FakeQemu, tmp_path: Path, version: str) -> None:
    fake_qemu("exec sleep 100", version)
    with start_emulator("qemu", firmware_with_ccm(tmp_path), BOARD) as emulated:
        assert emulated.version == version


def test_a_map_that_newer_qemus_no_longer_have_leads_to_the_board_that_they_have(fake_qemu: FakeQemu) -> None:
    fake_qemu("exit 3", "8.2.2")
    with pytest.raises(UserError, match=r"QEMU 8\.2\.2 has other memory than board stm32f4_qemu; choose .*discovery"):
        choose_emulator("qemu", load_board("stm32f4_qemu"))
    assert parse_places("qemu:1") == (Emulated("qemu", "stm32f4_discovery"),)


def test_an_older_qemu_runs_the_board_of_its_map(fake_qemu: FakeQemu) -> None:
    fake_qemu("exit 3", "7.2.9")
    assert choose_emulator("qemu", load_board("stm32f4_qemu")).name == "qemu"
    assert parse_places("qemu:1") == (Emulated("qemu", "stm32f4_qemu"),)

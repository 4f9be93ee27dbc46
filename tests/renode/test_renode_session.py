"""Renode started, used and ended, against a fake that behaves as the real one on the line and runs QEMU behind it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil
import pytest
from elftools.elf.elffile import ELFFile
from probe_firmware import build_probe, open_probe, require

from device_sim.emulators import EmulatedBoard, choose_emulator, start_boards, start_emulator
from device_sim.emulators.renode import install, monitor, session, shared
from device_sim.emulators.renode.contents import write_contents
from firmware_gen.boards import load_board
from host_bridge.errors import UserError

BOARD = load_board("stm32f4_discovery")
ROOT = Path(__file__).resolve().parents[2]
UseFake = Callable[..., Path]


@pytest.fixture(scope="module")
def probe_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("arm-none-eabi-gcc", "qemu-system-arm", "gcc")
    return build_probe(BOARD, tmp_path_factory.mktemp("probe"))


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + 10
    while left := [
        one for one in psutil.process_iter(["cmdline"]) if "fake_renode.py" in " ".join(one.info["cmdline"] or [])
    ]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def listeners(port: int) -> set[str]:
    """Addresses of this computer at which somebody listens at the port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    local = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    return {
        socket.inet_ntoa(bytes.fromhex(address.split(":")[0])[::-1])
        for address in local
        if int(address.split(":")[1], 16) == port
    }


# --- finding it ---


def test_without_renode_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(install.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UserError, match=r"renode is not installed; get 1\.13 or later from .*RENODE"):
        choose_emulator("renode", BOARD)


def test_the_variable_wins_and_is_named_where_it_is_wrong(
    fake_renode: UseFake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = fake_renode()
    elsewhere = tmp_path / "other-name"
    shutil.copy(program, elsewhere)
    monkeypatch.setenv(install.VARIABLE, str(elsewhere))
    assert install.find_renode() == install.Renode(str(elsewhere), "1.13.3")
    monkeypatch.setenv(install.VARIABLE, "/no/renode")
    with pytest.raises(UserError, match="RENODE=/no/renode is not a program"):
        install.find_renode()


def test_an_old_renode_is_refused(fake_renode: UseFake) -> None:
    program = fake_renode(version="1.12.0")
    with pytest.raises(UserError, match=f"{program} is Renode 1.12.0, which is too old; get 1.13"):
        choose_emulator("renode", BOARD)


def test_a_program_that_is_no_renode_is_quoted(fake_renode: UseFake) -> None:
    program = fake_renode()
    program.write_text("#!/bin/sh\necho mono not found >&2\nexit 1\n")
    with pytest.raises(UserError, match="--version says: mono not found"):
        choose_emulator("renode", BOARD)


def test_a_board_without_a_platform_is_refused(fake_renode: UseFake) -> None:
    fake_renode()
    with pytest.raises(UserError, match=r"mps2_an386 has no \[emulators.renode\] section"):
        choose_emulator("renode", load_board("mps2_an386"))


def test_auto_takes_what_is_there(fake_renode: UseFake, monkeypatch: pytest.MonkeyPatch) -> None:
    require("qemu-system-arm")
    assert choose_emulator("auto", BOARD).name == "qemu"
    monkeypatch.setenv(install.VARIABLE, "/no/renode")
    with pytest.raises(UserError, match="RENODE=/no/renode is not a program"):
        choose_emulator("auto", load_board("nrf52840dk"))
    fake_renode()
    assert choose_emulator("auto", load_board("nrf52840dk")).name == "renode"


# --- running it ---


@pytest.mark.qemu
@pytest.mark.parametrize(("version", "mode"), [("1.13.3", ""), ("1.16.1", ""), ("1.13.3", "slow")])
def test_a_board_runs_behind_its_url(fake_renode: UseFake, probe_elf: Path, version: str, mode: str) -> None:
    fake_renode(mode, version)
    with start_emulator("renode", probe_elf, BOARD) as emulated, open_probe(emulated.url) as probe:
        assert (emulated.name, emulated.version, emulated.tick_hz) == ("renode", version, None)
        probe.send("e", 5, b"hello")
        assert probe.receive(5) == b"hello"
        assert emulated.run_instructions(0) == 40000
        emulated.check()


@pytest.mark.qemu
def test_many_boards_share_a_process_and_differ(fake_renode: UseFake, probe_elf: Path) -> None:
    fake_renode()
    with start_boards("renode", [probe_elf] * 3, BOARD) as boards:
        assert len({board.url for board in boards}) == 3
        assert len({board.check.__self__ for board in boards}) == 1  # type: ignore[attr-defined]
        for number, board in enumerate(boards):
            with open_probe(board.url) as probe:
                probe.send("e", 1, bytes([number + 1]))
                assert probe.receive(1) == bytes([number + 1])


def echoes(url: str, data: bytes = b"x") -> bool:
    with open_probe(url) as probe:
        probe.send("e", len(data), data)
        return probe.receive(len(data)) == data


@pytest.mark.qemu
def test_boards_that_come_and_go_share_a_process(fake_renode: UseFake, probe_elf: Path) -> None:
    """Each started from a thread of its own that ends at once, as a fleet may; the last one ends the process."""
    fake_renode()
    boards: list[EmulatedBoard] = []
    with ExitStack() as stack:
        first = ExitStack()

        def switch_on(to: ExitStack) -> None:
            boards.append(to.enter_context(start_emulator("renode", probe_elf, BOARD)))

        for to in (first, stack):
            thread = threading.Thread(target=switch_on, args=(to,))
            thread.start()
            thread.join()
        assert len({board.check.__self__ for board in boards}) == 1  # type: ignore[attr-defined]
        assert all(echoes(board.url) for board in boards)
        first.close()
        boards[1].check()
        assert echoes(boards[1].url), "one goes, the other stays"
        switch_on(stack)
        assert len({board.url for board in boards}) == 3
        assert echoes(boards[2].url)
    with pytest.raises(UserError, match="Renode was killed"):
        boards[1].check()


@pytest.mark.slow
@pytest.mark.qemu
def test_a_fleet_of_renodes_is_one_process(fake_renode: UseFake, probe_elf: Path) -> None:
    """What `--devices renode:2` does, each board from its own thread."""
    from tiny_federation import WORK, plan
    from tiny_fleet import TinyFleet

    from trainer.algorithms.rounds import run_round

    assert probe_elf.is_file()
    fake_renode()
    tiny = TinyFleet()
    with tiny.boards("renode:2") as engine:
        state, _ = run_round(tiny.state(), engine, plan(work=WORK))
        monitors = [
            one for one in psutil.Process().children(recursive=True) if "fake_renode.py" in " ".join(one.cmdline())
        ]
        assert len([one for one in monitors if one.name().startswith("python")]) == 1
    assert [record.rounds for record in engine.boards] == [1, 1]
    local, _ = run_round(tiny.state(), tiny.local(), plan(work=WORK))
    for one, other in zip(state.weights, local.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5)


@pytest.mark.qemu
def test_a_dead_process_is_replaced(fake_renode: UseFake, probe_elf: Path) -> None:
    fake_renode()
    with start_emulator("renode", probe_elf, BOARD) as one:
        os.killpg(one.check.__self__.process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        one.check.__self__.process.wait(10)  # type: ignore[attr-defined]
        with pytest.raises(UserError, match="Renode was killed by SIGKILL"):
            one.check()
        with start_emulator("renode", probe_elf, BOARD) as other:
            assert echoes(other.url)


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["qemu"])
def test_other_emulators_start_many_too(probe_elf: Path, name: str) -> None:
    with start_boards(name, [probe_elf] * 2, BOARD) as boards:
        for board in boards:
            with open_probe(board.url) as probe:
                assert probe.ask("t", 0)[1] == 0


@pytest.mark.qemu
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: LD_PRELOAD")
def test_only_loopback_is_listened_at(fake_renode: UseFake, probe_elf: Path) -> None:
    """The fake asks for every interface, as Renode does; a process of its own shows that this would be seen."""
    fake_renode()
    with start_emulator("renode", probe_elf, BOARD) as emulated:
        assert listeners(int(emulated.url.rsplit(":", 1)[1])) == {"127.0.0.1"}
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert listeners(server.getsockname()[1]) == {"0.0.0.0"}


@pytest.mark.qemu
def test_metrics_are_kept_whole(fake_renode: UseFake, probe_elf: Path, tmp_path: Path) -> None:
    fake_renode()
    wanted = tmp_path / "deep" / "metrics.dump"
    with session.start_metered(probe_elf, BOARD, metrics=wanted):
        assert not wanted.exists()
    assert wanted.read_bytes() == b"metrics of a run"
    assert [path.name for path in wanted.parent.iterdir()] == ["metrics.dump"]


# --- failing ---

FAILURES = {
    "dies": r"Renode ended with exit code 3: System\.DllNotFoundException: libnothing",
    "dies in the script": r"Renode ended with exit code 70: \[ERROR\] cpu: CPU abort \[PC=0x0\]",
    "complains": r"Renode refuses 'include @.*': There was an error .* Error E04: Could not resolve type: 'Misc.*DWT'",
    "no platform": r"Renode refuses 'include @.*': There was an error .*Error E36: Using 'platforms/.*' could not be",
    "mute": r"Renode showed no prompt within 1 s: it said nothing",
    "hangs": r"Renode did not finish 'include @.*' within 1 s",
}


@pytest.mark.parametrize("mode", FAILURES)
def test_what_goes_wrong_is_one_line_in_renodes_words(
    fake_renode: UseFake, probe_elf: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    fake_renode(mode)
    if mode in ("mute", "hangs"):
        real = monitor.Monitor
        monkeypatch.setattr(shared, "Monitor", lambda port, check: Impatient(port, check, 1 if mode == "mute" else 30))
        assert issubclass(Impatient, real)
    with pytest.raises(UserError, match=FAILURES[mode]) as caught, start_emulator("renode", probe_elf, BOARD):
        pass
    assert "\n" not in str(caught.value)


class Impatient(monitor.Monitor):
    def execute(self, command: str, seconds: float = 1) -> str:
        return super().execute(command, seconds)


def test_a_port_in_use_is_refused_before_renode_starts(fake_renode: UseFake, probe_elf: Path) -> None:
    fake_renode("dies")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(UserError, match=r"cannot listen at port .*Address already in use; choose another --port"),
        start_emulator("renode", probe_elf, BOARD, port=server.getsockname()[1]),
    ):
        pass


def test_loading_firmware_leaves_ram_alone(probe_elf: Path, tmp_path: Path) -> None:
    """Or a reset would wipe out the record of the fault before it; what the file holds stays."""
    copy = tmp_path / "copy.elf"
    write_contents(probe_elf, copy)
    before, after = loads(probe_elf), loads(copy)
    assert any(memory > len(data) for _, data, memory in before), "the firmware reserves RAM"
    assert [one[:2] for one in before if one[1]] == [one[:2] for one in after]
    assert all(memory == len(data) for _, data, memory in after)


def loads(elf: Path) -> list[tuple[int, bytes, int]]:
    """Address, contents and size in memory of what is loaded."""
    with elf.open("rb") as stream:
        segments = [one for one in ELFFile(stream).iter_segments() if one["p_type"] == "PT_LOAD"]
        return [(one["p_paddr"], one.data(), one["p_memsz"]) for one in segments]


def test_a_missing_or_foreign_firmware_is_named(fake_renode: UseFake, tmp_path: Path) -> None:
    fake_renode()
    with pytest.raises(UserError, match="no firmware at"), start_emulator("renode", tmp_path / "no.elf", BOARD):
        pass
    foreign = tmp_path / "foreign.elf"
    foreign.write_bytes(b"not an ELF file")
    with pytest.raises(UserError, match=r"cannot read foreign\.elf"), start_emulator("renode", foreign, BOARD):
        pass


@pytest.mark.qemu
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_user_leaves_no_process(fake_renode: UseFake, probe_elf: Path, number: signal.Signals) -> None:
    """Not the shell script, nor the program behind it, nor what that has started."""
    fake_renode()
    program = f"""
        import time
        from pathlib import Path
        from device_sim.emulators import start_emulator
        from firmware_gen.boards import load_board
        with start_emulator("renode", Path({str(probe_elf)!r}), load_board("stm32f4_discovery")) as board:
            print(board.url, flush=True)
            time.sleep(600)
    """
    user = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert user.stdout is not None
        assert user.stdout.readline().startswith(b"socket://")
        offspring = psutil.Process(user.pid).children(recursive=True)
        assert {"renode", "qemu-system-arm"} <= {one.name() for one in offspring}
        os.kill(user.pid, number)
        user.wait(10)
        _, alive = psutil.wait_procs(offspring, 10)
        assert not alive
    finally:
        user.kill()
        user.wait()
        user.stdout.close()


# --- the monitor by itself ---


def test_numbers_are_hexadecimal_and_nonsense_is_refused(fake_renode: UseFake) -> None:
    program = fake_renode()
    port = session.free_ports([0])[0]
    command = [str(program), "--disable-xwt", "--plain", "--port", str(port)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        with monitor.Monitor(port, lambda: None) as line:
            assert line.prompt == "monitor"
            assert line.number("sysbus.cpu ExecutedInstructions") == 0x12345
            with pytest.raises(UserError, match=r"answers 'sysbus\.cpu PC' with 'nothing', which is no number"):
                line.number("sysbus.cpu PC")
            with pytest.raises(UserError, match="Renode refuses 'frobnicate': No such command or device: frobnicate"):
                line.execute("frobnicate")
            assert line.number("sysbus.cpu ExecutedInstructions") == 0x12345, "a complaint leaves the line in order"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

"""The live view of a fleet, on a terminal that only pretends to be one."""

import io
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tiny_fleet import TinyFleet

from host_bridge.errors import UserError
from host_bridge.monitor.status import STATUS, BoardStatus, FleetStatus, read_status, write_status
from host_bridge.monitor.watch import of_lines, of_run, watch

BOARDS = (
    BoardStatus("qemu stm32f4_qemu", 0, "training", 3, 35_000, 34_000, 2, 0, 0),
    BoardStatus("/dev/ttyACM0", 1, "lost", 2, 12_345, 999, 40, 1, 1),
)


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_status_file_comes_back(tmp_path: Path) -> None:
    status = FleetStatus(30, BOARDS)
    write_status(tmp_path / STATUS, status)
    assert read_status(tmp_path / STATUS) == status


def test_a_run_is_drawn_with_sums(tmp_path: Path) -> None:
    write_status(tmp_path / STATUS, FleetStatus(30, BOARDS))
    console = terminal()
    watch(of_run(tmp_path), "a run", console, every=0.01, times=1)
    drawn = shown(console)
    for text in ("a run", "qemu stm32f4_qemu", "training", "3/30", "/dev/ttyACM0", "lost", "2 boards", "47,345"):
        assert text in drawn


def test_what_changes_is_drawn_again(tmp_path: Path) -> None:
    write_status(tmp_path / STATUS, FleetStatus(30, BOARDS[:1]))
    console = terminal()

    def change() -> None:
        time.sleep(0.1)
        write_status(tmp_path / STATUS, FleetStatus(30, (replace(BOARDS[0], round=4, state="receiving"),)))

    thread = threading.Thread(target=change)
    thread.start()
    watch(of_run(tmp_path), "a run", console, every=0.1, times=8)
    thread.join()
    assert "training" in shown(console)
    assert "receiving" in shown(console) and "4/30" in shown(console)


def test_a_status_that_goes_away_leaves_the_last_one() -> None:
    looks = [FleetStatus(30, BOARDS)]

    def look() -> FleetStatus:
        if not looks:
            raise UserError("the file is gone")
        return looks.pop()

    console = terminal()
    watch(look, "a run", console, every=0.01, times=3)
    assert "the file is gone" in shown(console)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "rounds": 1, "boards": []}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / STATUS).write_text(text)
    with pytest.raises(UserError, match="is not a fleet's status"):
        read_status(tmp_path / STATUS)


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give the folder of a run with --devices"):
        watch(of_run(tmp_path), "a run", terminal(), every=0.01, times=1)


def test_lines_are_asked_and_a_silent_one_is_named() -> None:
    with TinyFleet().boards("native:1") as engine:
        assembled = engine._assembled
        assert assembled is not None
        (board,) = assembled.fleet._boards.values()
        url = board._power.url()
        board._hang_up()
        look = of_lines([(url, None), ("socket://127.0.0.1:1", None)], 115200)
        answering, silent = look().boards
    assert answering.state == "answers" and answering.board.startswith("native at socket://")
    assert answering.received_bytes > 100
    assert silent.state == "silent"

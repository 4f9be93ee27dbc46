"""The fault proxy on TCP, between the host's client and the C device."""

import random
import signal
import subprocess
import sys

import pytest
from link_requests import MakeDevice
from link_server import serve

from device_sim.faults import FaultRates
from device_sim.proxy import fault_proxy
from host_bridge.client import Board
from host_bridge.transfer import Download, get, has_arrived, put
from host_bridge.transport import PortClosedError

STORED, FETCHED = 1, 2
CONTENT = random.Random(7).randbytes(6_000)
KEY = bytes(range(32))


def test_a_clean_line_changes_nothing(make_learner: MakeDevice) -> None:
    with serve(make_learner().send) as url, fault_proxy(url, FaultRates()) as proxy:
        with Board.connect(proxy.url, timeout=2.0) as board:
            put(board, STORED, CONTENT)
            assert get(board, FETCHED) == CONTENT
            assert (board.traffic.repeats, board.traffic.bad_frames) == (0, 0)
        assert proxy.connections == 1
        assert not proxy.faults


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "authenticated"])
def test_results_are_right_over_a_bad_line_that_is_cut_again_and_again(
    make_learner: MakeDevice, key: bytes | None
) -> None:
    """One byte in a thousand is damaged, frames come twice and late, and the line breaks every 5,000 bytes or so."""
    device = make_learner(key=key)
    rates = FaultRates(drop=5e-4, flip=5e-4, truncate=1e-4, cut=2e-4, duplicate=0.02, delay=0.02, delay_seconds=0.01)
    download = Download()
    with serve(device.send) as url, fault_proxy(url, rates, seed=3) as proxy:
        board = Board.connect(proxy.url, timeout=0.1, key=key)
        board.link.attempts = 50
        if key is None:
            board.open_session()
        fetched, stored, resumed = b"", False, 0
        while fetched != CONTENT:
            try:
                if not stored and not has_arrived(board, STORED, CONTENT):
                    put(board, STORED, CONTENT, chunk_bytes=200)
                stored = True
                fetched = get(board, FETCHED, chunk_bytes=200, partial=download)
            except PortClosedError:
                resumed += 1
                reconnect(board)
        board.close()
    assert resumed >= 2
    assert device.store["commits"] == 1
    assert device.store["written"] == len(CONTENT), "chunks were written twice"
    assert {"drop", "flip", "cut"} <= set(proxy.faults)


def reconnect(board: Board) -> None:
    """The new line may break while the session is taken up."""
    while True:
        try:
            board.reconnect()
        except PortClosedError:
            continue
        return


def test_the_plug_can_be_pulled(make_learner: MakeDevice) -> None:
    with serve(make_learner().send) as url, fault_proxy(url, FaultRates()) as proxy:
        board = Board.connect(proxy.url)
        board.open_session()
        proxy.cut()
        with pytest.raises(PortClosedError):
            while True:
                board.ping(b"there?")
        board.reconnect()
        assert board.ping(b"there?") == b"there?"
        board.close()


def test_the_command(make_learner: MakeDevice) -> None:
    with serve(make_learner().send) as url:
        command = [sys.executable, "-m", "device_sim", "proxy", "--target", url, "--flip", "0.005", "--seed", "4"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with Board.connect(process.stdout.readline().strip(), timeout=0.1) as board:
            board.link.attempts = 50
            for number in range(20):
                assert board.ping(bytes([number]) * 50) == bytes([number]) * 50
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "1 connections;" in said
    assert "flip" in said


def test_a_bad_rate_ends_in_one_line() -> None:
    command = [sys.executable, "-m", "device_sim", "proxy", "--target", "socket://127.0.0.1:1", "--drop", "2"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "error: --drop is a probability from 0 to 1" in result.stderr

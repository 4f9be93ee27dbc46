"""The host's client against the C device, over clean and over bad lines."""

import logging
import time
from typing import Any

import link_faults
import pytest
from link_device import CDevice, DeviceTransport
from link_faults import Fault, FaultyTransport
from link_requests import FAILING, LARGE, LARGE_INPUT, SMALL, SMALL_INPUT, MakeDevice, expected_output, sample

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.errors import UserError
from host_bridge.frame import Frame, encoded_bytes
from host_bridge.link import BoardError, NoAnswerError
from host_bridge.selftest import run_selftest
from host_bridge.transport import Transport


def open_board(transport: Transport, timeout: float = 0.5, attempts: int = 5) -> Board:
    return Board(transport, timeout, ready_within=5.0, attempts=attempts, patience=0.3)


@pytest.mark.parametrize(("model", "inputs", "outputs"), [(SMALL, SMALL_INPUT, 10), (LARGE, LARGE_INPUT, 3001)])
def test_infer(make_device: MakeDevice, model: int, inputs: int, outputs: int) -> None:
    device = make_device(model)
    with open_board(DeviceTransport(device)) as board:
        assert board.info().board_name == "test_board"
        for start in range(3):
            x = sample(inputs + start)[start:]
            result = board.infer(x)
            assert result.output == expected_output(x, outputs)
            assert result.ticks == 7
        stats = board.stats()
        assert (stats.inferences, stats.last_ticks, stats.stack_used) == (3, 7, CDevice.STACK_USED)
        assert (stats.crc_errors, stats.framing_errors, stats.repeats) == (0, 0, 0)


def test_closing(make_device: MakeDevice) -> None:
    transport = DeviceTransport(make_device())
    with open_board(transport):
        assert not transport.closed
    assert transport.closed


def test_selftest_checks_all_hold(make_device: MakeDevice) -> None:
    with open_board(DeviceTransport(make_device(SMALL))) as board:
        checks = run_selftest(board)
    assert [check.seen for check in checks if not check.passed] == []
    assert [check.name for check in checks if "bytes" in check.name][-1] == "ping with 1024 bytes"


def test_selftest_notices_a_model_that_computes_something_else(make_device: MakeDevice) -> None:
    with open_board(DeviceTransport(make_device(LARGE))) as board:  # its stored CRC is not that of its output
        assert not board.selftest().passed
        assert [check.name for check in run_selftest(board) if not check.passed] == [
            "the model's output for the built-in input"
        ]


class DeafTransport(DeviceTransport):
    """A board that answers broken frames, forgets what it did and loses bytes: everything a self-test is for."""

    def write(self, data: bytes, timeout: float) -> None:
        self.device.rx_lost += 1
        super().write(data, timeout)
        if b"corrupted" in data:
            self._waiting += Frame(messages.PING.reply_code, 0).encode()
        if data[2:3] == bytes([messages.SELFTEST.code]):
            super().write(Frame(messages.PING.code, 0).encode(), timeout)


def test_selftest_notices_a_bad_board(make_device: MakeDevice) -> None:
    with open_board(DeafTransport(make_device(SMALL))) as board:
        failed = [check.name for check in run_selftest(board) if not check.passed]
    assert failed == [
        "a corrupted frame is counted and not answered",
        "a repeated frame is answered again and executed once",
        "no received byte lost",
    ]


def test_a_refusal_is_named(make_device: MakeDevice) -> None:
    with open_board(DeviceTransport(make_device(FAILING))) as board, pytest.raises(BoardError) as caught:
        board.infer(bytes(16))
    assert (caught.value.name, caught.value.detail) == ("model_failed", 2)
    assert "\n" not in str(caught.value)


def test_an_input_of_another_size_is_refused_before_it_is_sent(make_device: MakeDevice) -> None:
    with open_board(DeviceTransport(make_device())) as board:
        requests = board.traffic.requests
        with pytest.raises(UserError, match="takes 16 input bytes, got 17"):
            board.infer(bytes(17))
        assert board.traffic.requests == requests


FAULTS = [link_faults.drop, link_faults.flip, link_faults.truncate, link_faults.duplicate, link_faults.lose]


@pytest.mark.parametrize("fault", [*FAULTS, link_faults.babble], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_results_are_right_over_a_bad_line(make_device: MakeDevice, fault: Fault, seed: int) -> None:
    device = make_device(LARGE)
    transport = FaultyTransport(DeviceTransport(device), fault, 0.2, seed)
    board = open_board(transport, timeout=0.02, attempts=50)
    x = sample(LARGE_INPUT)
    for _ in range(4):
        assert board.infer(x).output == expected_output(x, 3001)
    assert board.stats().inferences == 4, "a repeated request ran again"
    assert transport.faults >= 3


def test_every_byte_is_counted(make_device: MakeDevice) -> None:
    class Counting(DeviceTransport):
        sent = received = 0

        def write(self, data: bytes, timeout: float) -> None:
            self.sent += len(data)
            super().write(data, timeout)

        def read(self, timeout: float) -> bytes:
            data = super().read(timeout)
            self.received += len(data)
            return data

    transport = Counting(make_device(LARGE))
    board = open_board(transport)
    board.infer(sample(LARGE_INPUT))
    traffic = board.traffic
    assert (traffic.sent_bytes, traffic.received_bytes) == (transport.sent, transport.received)
    assert traffic.sent_bytes > LARGE_INPUT
    assert (traffic.requests, traffic.repeats, traffic.bad_frames) == (5, 0, 0)


class SilentTransport:
    """Takes everything, answers nothing."""

    url = "memory://silent"

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def read(self, timeout: float) -> bytes:
        time.sleep(min(timeout, 0.005))
        return b""

    def write(self, data: bytes, timeout: float) -> None:  # noqa: ARG002
        self.written.append(data)

    def close(self) -> None:
        pass


def test_a_board_that_never_answers() -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswerError, match=r"no answer from memory://silent within 0\.2 s; check that"):
        Board(SilentTransport(), ready_within=0.2)
    assert time.monotonic() - start < 5


def test_a_request_is_repeated_unchanged_behind_a_delimiter(make_device: MakeDevice) -> None:
    board = open_board(DeviceTransport(make_device()), timeout=0.02, attempts=3)
    silent = SilentTransport()
    board.link.transport = silent
    with pytest.raises(NoAnswerError, match="did not answer ping in 3 attempts"):
        board.ping(b"abc")
    first, *repeats = silent.written
    assert repeats == [b"\0" + first] * 2
    assert board.traffic.repeats == 2


def test_sequence_numbers_start_anywhere_and_wrap(make_device: MakeDevice) -> None:
    starts = {open_board(DeviceTransport(make_device())).link.next_frame(messages.PING).sequence for _ in range(8)}
    assert len(starts) > 1
    link = open_board(DeviceTransport(make_device())).link
    sequences = [link.next_frame(messages.PING).sequence for _ in range(1 << 16)]
    assert sorted(sequences) == list(range(1 << 16))


class WorkingTransport(SilentTransport):
    """Says twice that it is working, long after the request would have been repeated, and then answers."""

    def __init__(self, device: CDevice) -> None:
        super().__init__()
        self._inner = DeviceTransport(device)
        self._sequence: bytes | None = None
        self._replies: list[bytes] = []

    def write(self, data: bytes, timeout: float) -> None:
        super().write(data, timeout)
        self._inner.write(data, timeout)
        reply = self._inner.read(0)
        working, *rest = [part + b"\0" for part in reply.split(b"\0")[:-1]]
        self._replies = [working, b"", working, b"", *rest] if rest else [working]

    def read(self, timeout: float) -> bytes:
        if not self._replies:
            return super().read(timeout)
        reply = self._replies.pop(0)
        if not reply:
            time.sleep(0.06)
        return reply


def test_a_board_that_says_it_is_working_is_waited_for(make_device: MakeDevice) -> None:
    transport = WorkingTransport(make_device())
    board = open_board(transport, timeout=0.02, attempts=2)
    transport.written.clear()
    assert board.infer(sample(SMALL_INPUT)).output == expected_output(sample(SMALL_INPUT), 10)
    assert len(transport.written) == 1, "the request was repeated while the board worked"


def test_a_narrow_window_makes_smaller_frames(make_device: MakeDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    from host_bridge import client

    def with_window(values: dict[str, Any]) -> client.BoardInfo:
        return client.BoardInfo(**{**values, "window": 300})

    monkeypatch.setattr(client, "board_info", with_window)
    device = make_device(LARGE)
    silent = DeviceTransport(device)
    board = open_board(silent)
    assert encoded_bytes(board.payload_limit) <= 300 < encoded_bytes(board.payload_limit + 1)
    x = sample(LARGE_INPUT)
    assert board.infer(x).output == expected_output(x, 3001)


def test_each_frame_leaves_one_debug_line(make_device: MakeDevice, caplog: pytest.LogCaptureFixture) -> None:
    board = open_board(DeviceTransport(make_device()))
    with caplog.at_level(logging.DEBUG, logger="host_bridge"):
        board.ping(b"abc")
    sent, received = caplog.messages
    assert sent.startswith("-> ping seq=") and " len=3 crc=" in sent
    assert received.startswith("<- ping reply seq=")
    assert all(record.levelno == logging.DEBUG for record in caplog.records)

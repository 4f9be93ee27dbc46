"""python -m host_bridge against a board behind a TCP port, and against what goes wrong with ports."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from link_naive import naive_frame
from link_requests import LARGE, SMALL, SMALL_INPUT, MakeDevice, expected_output, sample
from link_server import serve

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.keys import load_key, new_key

ROOT = Path(__file__).parents[2]


def host_bridge(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "host_bridge", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def error_line(*arguments: str) -> str:
    """What a command that must fail prints: one line, exit code 2, nothing on standard output."""
    result = host_bridge(*arguments)
    assert (result.returncode, result.stdout) == (2, ""), result
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_info(make_device: MakeDevice) -> None:
    with serve(make_device(SMALL).send) as url:
        document = json.loads(host_bridge("info", "--port", url, "--json").stdout)
        table = host_bridge("info", "--port", url).stdout
    assert document["model_name"] == "small"
    assert document["board_name"] == "test_board"
    assert (document["input_bytes"], document["output_bytes"]) == (16, 10)
    assert set(document) == {field.name for field in messages.INFO.reply}
    assert "input_bytes     16\n" in table


def test_fault(make_device: MakeDevice) -> None:
    device = make_device()
    device.fault[:] = [1, 3, 0x8200, 0x4000_0000, 0xE000_0000, 0x0800_0124, 0x0800_01FF, 0x2000_1FC0]
    with serve(device.send) as url:
        document = json.loads(host_bridge("fault", "--port", url, "--json").stdout)
    assert set(document) == {field.name for field in messages.FAULT.reply}
    assert (document["count"], document["exception"], document["pc"]) == (1, 3, "0x08000124")


def test_stats(make_device: MakeDevice) -> None:
    with serve(make_device(SMALL).send) as url:
        document = json.loads(host_bridge("stats", "--port", url, "--json").stdout)
    assert set(document) == {field.name for field in messages.STATS.reply}
    assert document["frames_ok"] == 2


def test_selftest(make_device: MakeDevice) -> None:
    with serve(make_device(SMALL).send) as url:
        result = host_bridge("selftest", "--port", url, "--json")
        document = json.loads(result.stdout)
        lines = host_bridge("selftest", "--port", url).stdout.splitlines()
    assert result.returncode == 0
    assert document["passed"]
    assert all(check["passed"] for check in document["checks"])
    assert len(lines) == len(document["checks"])
    assert all(line.startswith("ok    ") for line in lines)


def test_selftest_that_fails_ends_with_1(make_device: MakeDevice) -> None:
    with serve(make_device(LARGE).send) as url:  # its stored CRC is not that of its output
        result = host_bridge("selftest", "--port", url)
    assert result.returncode == 1
    assert "\nFAIL  the model's output" in result.stdout


@pytest.mark.parametrize("shape", [(SMALL_INPUT,), (4, 4, 1), (1, 4, 4), (3, 4, 4), (2, 16)])
def test_infer(make_device: MakeDevice, tmp_path: Path, shape: tuple[int, ...]) -> None:
    size = int(np.prod(shape))
    inputs, out = tmp_path / "x.npy", tmp_path / "made" / "y.npy"
    np.save(inputs, np.frombuffer(sample(size), np.int8).reshape(shape))
    with serve(make_device(SMALL).send) as url:
        result = host_bridge("infer", "--port", url, "--inputs", str(inputs), "--out", str(out), "--json")
    document = json.loads(result.stdout)
    cuts = range(0, size, SMALL_INPUT)
    expected = np.array([list(expected_output(sample(size)[at : at + SMALL_INPUT], 10)) for at in cuts], np.uint8)
    assert np.array_equal(np.load(out), expected.view(np.int8))
    assert document["outputs"] == expected.view(np.int8).tolist()
    assert (document["samples"], document["ticks"]) == (len(expected), [7] * len(expected))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(17, np.int8), "has shape (17,); the model on the board takes samples of 16 values"),
        (np.zeros((3, 15), np.int8), "has shape (3, 15)"),
        (np.zeros((0, 16), np.int8), "has shape (0, 16)"),
        (np.zeros(16, np.float32), "holds float32, not int8; quantise"),
    ],
)
def test_infer_refuses_other_inputs(make_device: MakeDevice, tmp_path: Path, array: "np.ndarray", message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with serve(make_device(SMALL).send) as url:
        line = error_line("infer", "--port", url, "--inputs", str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npy"))
    assert message in line
    assert not (tmp_path / "y.npy").exists()


def test_infer_refuses_what_is_no_array(tmp_path: Path) -> None:
    text = tmp_path / "x.npy"
    arguments = ("infer", "--port", "socket://127.0.0.1:1", "--inputs", str(text))
    assert "give a .npy file" in error_line(*arguments)
    text.write_text("hello")
    assert "is not a .npy file" in error_line(*arguments)
    np.savez(tmp_path / "x.npz", a=np.zeros(3, np.int8))
    assert "is an archive, not one array" in error_line(*arguments[:-1], str(tmp_path / "x.npz"))


def test_debug_logs_frames_to_standard_error(make_device: MakeDevice) -> None:
    with serve(make_device(SMALL).send) as url:
        result = host_bridge("info", "--port", url, "--json", "--debug")
    json.loads(result.stdout)
    assert "-> info seq=" in result.stderr


def test_a_board_that_starts_late_is_waited_for(make_device: MakeDevice) -> None:
    with serve(make_device(SMALL).send, delay=0.7) as url, Board.connect(url, ready_within=20) as board:
        assert board.info().model_name == "small"


def test_a_board_that_drops_the_first_connection_is_waited_for(make_device: MakeDevice) -> None:
    device, connections = make_device(SMALL), []

    def answer(data: bytes) -> bytes:
        connections.append(data)
        if len(connections) == 1:
            raise ConnectionResetError
        return device.send(data)

    with serve(answer) as url, Board.connect(url, ready_within=20) as board:
        assert board.info().model_name == "small"


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"socket://127.0.0.1:{unused.getsockname()[1]}"
        line = error_line("info", "--port", url, "--wait", "0.3")
    assert line == f"error: nothing listens at {url}; start the board or emulator, or correct --port"


def test_a_port_that_does_not_exist() -> None:
    line = error_line("stats", "--port", "/dev/ttyNoSuchPort")
    assert line == "error: no such port: /dev/ttyNoSuchPort; plug the board in, or correct --port"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("nonsense://x", "--port takes a device file or socket://HOST:PORT"),
        ("socket://127.0.0.1", "give a host and a port from 1 to 65535"),
        ("socket://127.0.0.1:99999", "give a host and a port from 1 to 65535"),
        ("socket://:3456", "give a host and a port from 1 to 65535"),
    ],
)
def test_urls_that_make_no_sense(url: str, remedy: str) -> None:
    line = error_line("info", "--port", url)
    assert f"cannot open {url}" in line
    assert remedy in line


def test_a_port_in_use() -> None:
    import os
    import pty

    import serial

    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        with serial.serial_for_url(name, exclusive=True):
            assert f"{name} is in use" in error_line("info", "--port", name)
    finally:
        os.close(master)
        os.close(slave)


def test_a_board_that_never_answers() -> None:
    with serve(lambda _: b"") as url:
        line = error_line("info", "--port", url, "--wait", "0.5")
    assert "no answer from" in line
    assert "check that the board runs" in line


def test_a_board_that_only_echoes() -> None:
    with serve(lambda data: data) as url:
        assert "no answer from" in error_line("info", "--port", url, "--wait", "0.5")


def test_a_board_of_another_protocol_version() -> None:
    with serve(lambda _: naive_frame(messages.ERROR_CODE, 1, bytes(7), version=2)) as url:
        line = error_line("info", "--port", url)
    assert "speaks protocol version 2, this program 1; rebuild the firmware" in line


def test_a_board_with_a_shorter_info_reply() -> None:
    def answer(data: bytes) -> bytes:
        from host_bridge.frame import Frame, FrameDecoder

        return b"".join(
            naive_frame(event.type | 0x80, event.sequence, b"short")
            for event in FrameDecoder().feed(data)
            if isinstance(event, Frame)
        )

    with serve(answer) as url:
        assert "sent a reply of 5 bytes where at least 127 belong" in error_line("info", "--port", url)


def test_a_board_that_goes_away(make_device: MakeDevice) -> None:
    from host_bridge.transport import PortClosedError

    with serve(make_device(SMALL).send) as url:
        board = Board.connect(url)
    with pytest.raises(PortClosedError, match="closed"):
        board.ping(b"x")
    board.close()


def test_commands_of_inference_take_the_key(make_learner: MakeDevice, tmp_path: Path) -> None:
    key, other, inputs = tmp_path / "board1.key", tmp_path / "other.key", tmp_path / "x.npy"
    new_key(key)
    new_key(other)
    np.save(inputs, np.frombuffer(sample(SMALL_INPUT), np.int8))
    with serve(make_learner(SMALL, key=load_key(key)).send) as url:
        for command, *options in (["info"], ["stats"], ["fault"], ["selftest"], ["infer", "--inputs", str(inputs)]):
            assert "obeys only who has its key" in error_line(command, "--port", url, *options)
            assert "does not have this key" in error_line(command, "--port", url, "--key", str(other), *options)
            done = host_bridge(command, "--port", url, "--key", str(key), *options)
            assert (done.returncode, done.stderr) == (0, ""), done

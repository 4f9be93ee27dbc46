"""The C device application, request by request."""

import pytest
from link_device import CDevice
from link_naive import naive_crc32, naive_frame, naive_selftest_input
from link_requests import (
    ERRORS,
    EXACT,
    FAILING,
    LARGE,
    LARGE_INPUT,
    SMALL,
    SMALL_INPUT,
    WORKING,
    MakeDevice,
    answers,
    ask,
    expected_output,
    read,
    refusal,
    sample,
    write,
)

from host_bridge import messages
from host_bridge.messages import Message
from host_bridge.payload import unpack


def test_info(make_device: MakeDevice) -> None:
    board = "b" * 40
    values = ask(make_device(EXACT, board), messages.INFO)
    assert values == {
        "protocol": 1,
        "model_format": 2,
        "flags": 0,
        "max_payload": 1024,
        "window": 6 + 1024 + 4 + 5 + 1,
        "arena_bytes": 4096,
        "input_bytes": 1020,
        "output_bytes": 1016,
        "tick_hz": CDevice.TICK_HZ,
        "selftest_crc32": 0x12345678,
        "model_sha256": bytes([0xF0, *range(1, 32)]).hex(),
        "model_name": "a name of 31 characters exactly",
        "board_name": "b" * 31,
        "under_way": 1,
    }
    assert len("a name of 31 characters exactly") == 31


@pytest.mark.parametrize("size", [0, 1, 243, 244, 245, 1023, 1024])
def test_ping(make_device: MakeDevice, size: int) -> None:
    assert ask(make_device(), messages.PING, echo=sample(size)) == {"echo": sample(size)}


def test_infer_in_one_frame(make_device: MakeDevice) -> None:
    device = make_device(SMALL)
    x = sample(SMALL_INPUT)
    values = ask(device, messages.INFER, offset=0, chunk=x)
    assert values == {"ticks": 7, "output": expected_output(x, 10)}


def test_infer_announces_that_it_is_working(make_device: MakeDevice) -> None:
    frames = answers(make_device(), naive_frame(messages.INFER.code, 1, write(0, sample(SMALL_INPUT))))
    assert [frame.type for frame in frames] == [messages.WORKING_CODE, messages.INFER.reply_code]


def test_input_and_output_larger_than_a_frame(make_device: MakeDevice) -> None:
    device = make_device(LARGE)
    x = sample(LARGE_INPUT)
    assert ask(device, messages.INPUT, 1, offset=0, chunk=x[:1020]) == {"filled": 1020}
    assert ask(device, messages.INPUT, 2, offset=1020, chunk=x[1020:2040]) == {"filled": 2040}
    values = ask(device, messages.INFER, 3, offset=2040, chunk=x[2040:])
    expected = expected_output(x, 3001)
    assert values["output"] == expected[:1016]
    assert ask(device, messages.OUTPUT, 4, offset=1016, length=1024) == {"chunk": expected[1016:2040]}
    assert ask(device, messages.OUTPUT, 5, offset=2040, length=961) == {"chunk": expected[2040:]}
    assert ask(device, messages.OUTPUT, 6, offset=3001, length=0) == {"chunk": b""}
    assert ask(device, messages.OUTPUT, 7, offset=0, length=3) == {"chunk": expected[:3]}


def test_input_and_output_that_just_fill_a_frame(make_device: MakeDevice) -> None:
    x = sample(1020)
    assert ask(make_device(EXACT), messages.INFER, offset=0, chunk=x)["output"] == expected_output(x, 1016)


def test_infer_may_come_without_a_chunk(make_device: MakeDevice) -> None:
    device = make_device()
    x = sample(SMALL_INPUT)
    ask(device, messages.INPUT, 1, offset=0, chunk=x)
    assert ask(device, messages.INFER, 2, offset=SMALL_INPUT, chunk=b"")["output"] == expected_output(x, 10)


def test_a_chunk_at_0_starts_the_input_again(make_device: MakeDevice) -> None:
    device = make_device()
    x = sample(SMALL_INPUT)
    ask(device, messages.INPUT, 1, offset=0, chunk=bytes(12))
    assert ask(device, messages.INPUT, 2, offset=0, chunk=x[:4]) == {"filled": 4}
    assert refusal(device, messages.INFER, write(12, x[12:]), 3) == ("bad_state", 4)
    assert ask(device, messages.INFER, 4, offset=4, chunk=x[4:])["output"] == expected_output(x, 10)


def test_the_input_is_gone_after_a_run(make_device: MakeDevice) -> None:
    device = make_device()
    ask(device, messages.INFER, 1, offset=0, chunk=sample(SMALL_INPUT))
    assert refusal(device, messages.INFER, write(SMALL_INPUT), 2) == ("bad_state", 0)


@pytest.mark.parametrize(
    ("message", "payload", "expected"),
    [
        (messages.INFO, b"x", ("bad_length", 0)),
        (messages.STATS, b"x", ("bad_length", 0)),
        (messages.SELFTEST, b"x", ("bad_length", 0)),
        (messages.INPUT, b"abc", ("bad_length", 4)),
        (messages.INFER, b"", ("bad_length", 4)),
        (messages.OUTPUT, bytes(5), ("bad_length", 6)),
        (messages.OUTPUT, bytes(7), ("bad_length", 6)),
        (messages.INPUT, write(17), ("bad_offset", 16)),
        (messages.INPUT, write(0, bytes(17)), ("bad_offset", 16)),
        (messages.INPUT, write(16, b"x"), ("bad_offset", 16)),
        (messages.INPUT, write(2**32 - 1, b"x"), ("bad_offset", 16)),
        (messages.INFER, write(2**32 - 8, bytes(16)), ("bad_offset", 16)),
        (messages.INPUT, write(1, b"x"), ("bad_state", 0)),
        (messages.INFER, write(0, bytes(15)), ("bad_state", 15)),
        (messages.INFER, write(16), ("bad_state", 0)),
        (messages.OUTPUT, read(0, 1), ("bad_state", 0)),
    ],
)
def test_refusals(make_device: MakeDevice, message: Message, payload: bytes, expected: tuple[str, int]) -> None:
    device = make_device(SMALL)
    assert refusal(device, message, payload) == expected
    x = sample(SMALL_INPUT)
    assert ask(device, messages.INFER, 2, offset=0, chunk=x)["output"] == expected_output(x, 10)


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 11, ("bad_offset", 10)),
        (10, 1, ("bad_offset", 10)),
        (2**32 - 1, 2, ("bad_offset", 10)),
        (0, 1025, ("bad_length", 1024)),
        (0, 65535, ("bad_length", 1024)),
    ],
)
def test_output_refuses_what_is_not_there(
    make_device: MakeDevice, offset: int, length: int, expected: tuple[str, int]
) -> None:
    device = make_device(SMALL)
    ask(device, messages.INFER, 1, offset=0, chunk=sample(SMALL_INPUT))
    assert refusal(device, messages.OUTPUT, read(offset, length), 2) == expected


def test_output_is_gone_once_an_input_may_lie_over_it(make_device: MakeDevice) -> None:
    device = make_device(SMALL)
    ask(device, messages.INFER, 1, offset=0, chunk=sample(SMALL_INPUT))
    ask(device, messages.PING, 2, echo=b"")
    ask(device, messages.OUTPUT, 3, offset=0, length=10)
    ask(device, messages.INPUT, 4, offset=0, chunk=b"abc")
    assert refusal(device, messages.OUTPUT, read(0, 1), 5) == ("bad_state", 3)


@pytest.mark.parametrize("message", [messages.INFER, messages.SELFTEST])
def test_a_model_that_fails(make_device: MakeDevice, message: Message) -> None:
    device = make_device(FAILING)
    payload = write(0, bytes(16)) if message is messages.INFER else b""
    working, reply = answers(device, naive_frame(message.code, 1, payload))
    assert working == WORKING
    values = unpack(messages.ERROR_REPLY, reply.payload)
    assert (values["code"], values["detail"]) == (ERRORS["model_failed"], 2)
    assert refusal(device, messages.OUTPUT, read(0, 1), 2) == ("bad_state", 0)
    assert ask(device, messages.STATS, 3)["inferences"] == 0


def test_selftest(make_device: MakeDevice) -> None:
    device = make_device(SMALL)
    output = expected_output(naive_selftest_input(SMALL_INPUT), 10)
    crc = naive_crc32(output)
    assert ask(device, messages.SELFTEST) == {"ticks": 7, "output_crc32": crc, "expected_crc32": crc}
    assert ask(device, messages.OUTPUT, 2, offset=0, length=10) == {"chunk": output}


def test_stats(make_device: MakeDevice) -> None:
    device = make_device()
    device.rx_lost = 5
    ping = naive_frame(messages.PING.code, 9)
    broken = bytearray(naive_frame(messages.PING.code, 8, b"abcd"))
    broken[-3] ^= 1
    device.send(ping + ping + b"\x05\x01\0" + bytes(broken) + b"\0\0")
    ask(device, messages.INFER, 1, offset=0, chunk=sample(SMALL_INPUT))
    values = ask(device, messages.STATS, 2)
    # The clock ticks 7 per look: at initialisation, before and after the run, for this reply.
    assert values == {
        "frames_ok": 4,
        "crc_errors": 1,
        "framing_errors": 1,
        "rx_lost": 5,
        "repeats": 1,
        "inferences": 1,
        "stack_used": CDevice.STACK_USED,
        "last_ticks": 7,
        "uptime_ticks": 21,
        "refusals": 0,
    }

"""Requests to a board, and what the test models answer; frames are built by the naive codec."""

from collections.abc import Callable

from link_device import CDevice
from link_naive import naive_frame

from host_bridge import messages
from host_bridge.frame import Frame, FrameDecoder
from host_bridge.messages import Message
from host_bridge.payload import Value, number, pack, unpack

MakeDevice = Callable[..., CDevice]
ERRORS = {error.name: error.code for error in messages.ERRORS}
SMALL, LARGE, EXACT, FAILING = range(4)
SMALL_INPUT, LARGE_INPUT = 16, 2500
WORKING = Frame(messages.WORKING_CODE, 1)


def answers(device: CDevice, *sent: bytes) -> list[Frame]:
    events = FrameDecoder().feed(device.send(b"".join(sent)))
    assert all(isinstance(event, Frame) for event in events)
    return [event for event in events if isinstance(event, Frame)]


def ask(device: CDevice, message: Message, sequence: int = 1, **values: Value) -> dict[str, Value]:
    """One granted request: its reply's fields. A WORKING reply may come first."""
    payload = pack(message.request, values)
    *before, reply = answers(device, naive_frame(message.code, sequence, payload))
    assert before in ([], [Frame(messages.WORKING_CODE, sequence)])
    assert (reply.type, reply.sequence) == (message.reply_code, sequence), reply
    return unpack(message.reply, reply.payload)


def refusal(device: CDevice, message: Message, payload: bytes, sequence: int = 1) -> tuple[str, int]:
    """One refused request: the error's name and its detail. A WORKING reply may come first."""
    *before, reply = answers(device, naive_frame(message.code, sequence, payload))
    assert before in ([], [Frame(messages.WORKING_CODE, sequence)])
    assert (reply.type, reply.sequence) == (messages.ERROR_CODE, sequence), reply
    values = unpack(messages.ERROR_REPLY, reply.payload)
    assert values["request"] == message.code
    name = next(name for name, code in ERRORS.items() if code == values["code"])
    return name, number(values, "detail")


def write(offset: int, chunk: bytes = b"") -> bytes:
    return offset.to_bytes(4, "little") + chunk


def read(offset: int, length: int) -> bytes:
    return offset.to_bytes(4, "little") + length.to_bytes(2, "little")


def expected_output(x: bytes, length: int) -> bytes:
    return bytes((3 * x[i % len(x)] + i) % 256 for i in range(length))


def sample(length: int) -> bytes:
    return bytes((i * 37 + 11) % 251 for i in range(length))

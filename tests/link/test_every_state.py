"""A frame of every wrong kind at every state: answered with a named error, counted, the board alive."""

import zlib
from collections.abc import Callable

import pytest
from link_naive import naive_frame
from link_requests import MakeDevice, answers, sample, write
from test_auth import FLAGS, Attacker
from test_session import KEY, in_session

from host_bridge import messages
from host_bridge.frame import Frame
from host_bridge.payload import pack

ERRORS = {error.code: error.name for error in messages.ERRORS}
CONTENT = sample(40)
BEGIN = pack(
    messages.PUT_BEGIN.request,
    {"kind": 1, "item": 0, "total": 40, "crc32": zlib.crc32(CONTENT), "chunk_bytes": 16},
)
END = zlib.crc32(CONTENT).to_bytes(4, "little")
Send = Callable[[int, bytes], list[Frame]]


def chunk(offset: int) -> bytes:
    return offset.to_bytes(4, "little") + CONTENT[offset : offset + 16]


# What brings a board into each state.
STATES: dict[str, list[tuple[messages.Message, bytes]]] = {
    "fresh": [],
    "half an input": [(messages.INPUT, write(0, bytes(8)))],
    "an output": [(messages.INFER, write(0, bytes(16)))],
    "a put begun": [(messages.PUT_BEGIN, BEGIN)],
    "a put with a gap": [(messages.PUT_BEGIN, BEGIN), (messages.PUT_CHUNK, chunk(16))],
    "a put complete": [(messages.PUT_BEGIN, BEGIN), *((messages.PUT_CHUNK, chunk(at)) for at in (0, 16, 32))],
    "a put ended": [
        (messages.PUT_BEGIN, BEGIN),
        *((messages.PUT_CHUNK, chunk(at)) for at in (0, 16, 32)),
        (messages.PUT_END, END),
    ],
    "a get": [(messages.GET_BEGIN, bytes([2, 0, 0, 0, 0]))],
}
# Payloads of every length that matters, as zeros and as ones.
PAYLOADS = [bytes([fill]) * length for length in (0, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 40) for fill in (0, 255)]


def play(send: Send, state: str) -> None:
    for message, payload in STATES[state]:
        assert send(message.code, payload)[-1].type == message.reply_code, state
    for type_ in range(0x80):
        for payload in PAYLOADS:
            replies = send(type_, payload)
            final = replies[-1]
            assert [reply.type for reply in replies[:-1]] in ([], [messages.WORKING_CODE])
            if final.type != type_ | messages.REPLY_BIT:
                assert final.type == messages.ERROR_CODE, (state, type_, payload)
                assert final.payload[0] in ERRORS, (state, type_, payload)
                assert final.payload[2] == type_
    assert send(messages.PING.code, b"alive")[-1].payload == b"alive"


@pytest.mark.parametrize("state", STATES)
def test_without_a_session(make_learner: MakeDevice, state: str) -> None:
    device = make_learner()
    sequence = 0
    errors = 0

    def send(type_: int, payload: bytes) -> list[Frame]:
        nonlocal sequence, errors
        sequence = (sequence + 1) % 65536
        replies = answers(device, naive_frame(type_, sequence, payload))
        errors += replies[-1].type == messages.ERROR_CODE
        return replies

    play(send, state)
    stats = send(messages.STATS.code, b"")[-1].payload
    assert int.from_bytes(stats[44:48], "little") == errors


@pytest.mark.parametrize("session", [7, 8], ids=["its session", "another session"])
def test_in_a_session(make_learner: MakeDevice, session: int) -> None:
    device = make_learner()
    answers(device, in_session(7, messages.OPEN.code))
    for type_ in set(range(0x80)) - {messages.OPEN.code}:
        for payload in PAYLOADS:
            *_, reply = answers(device, in_session(session, type_, type_, payload))
            if session == 8:
                assert ERRORS[reply.payload[0]] == "bad_session"
            assert reply.type in (messages.ERROR_CODE, type_ | messages.REPLY_BIT)
    *_, reply = answers(device, in_session(7, messages.PING.code, 1, b"alive"))
    assert reply.payload == b"alive"


@pytest.mark.parametrize("opened", [False, True], ids=["greeted", "open"])
def test_with_tags(make_learner: MakeDevice, opened: bool) -> None:
    """With right tags as without a key; with wrong ones, or none, nothing gets through."""
    device = make_learner(key=KEY)
    host = Attacker(device)
    if opened:
        host.send(messages.OPEN.code, 1)
    counter = 10
    for type_ in set(range(0x80)) - {messages.OPEN.code, messages.HELLO.code}:
        for payload in PAYLOADS[::5]:
            for flags in range(4):
                (reply,) = answers(device, naive_frame(type_, 1, payload, flags=flags))
                assert (reply.type, reply.flags) == (messages.ERROR_CODE, 0)
            counter += 1
            *_, reply = host.send(type_, counter, payload)
            if not opened:
                assert ERRORS[reply.payload[0]] == "bad_session"
            else:
                assert reply.flags == FLAGS
                assert reply.type == type_ | messages.REPLY_BIT or reply.payload[8] in ERRORS
    host = Attacker(device, nonce=bytes(16))
    assert host.send(messages.OPEN.code, 1)[-1].type == messages.OPEN.reply_code
    assert host.send(messages.PING.code, 2, b"alive") == [host.reply(messages.PING.reply_code, 2, b"alive")]

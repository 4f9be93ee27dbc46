"""Authenticated sessions: against their definition, and against attackers on the line."""

import hashlib
from typing import Any

import pytest
from link_device import CDevice, DeviceTransport
from link_naive import naive_frame
from link_requests import MakeDevice, answers, sample
from naive_blake2b import naive_blake2b, naive_keys, naive_sealed
from payload_vectors import VECTORS
from test_session import KEY, connect, error

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.conversation import BoardResetError
from host_bridge.errors import UserError
from host_bridge.frame import Frame, FrameDecoder
from host_bridge.link import BoardError, NoAnswerError
from host_bridge.session import AuthenticatedSession

HOST_NONCE, BOARD_NONCE = bytes(range(100, 116)), bytes(range(200, 216))
FLAGS = messages.FLAG_SESSION | messages.FLAG_TAG


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 300])
def test_the_naive_hash_is_blake2b(length: int) -> None:
    data = sample(length)
    for key, size in ((KEY, 16), (KEY, 64), (b"k", 32)):
        assert naive_blake2b(data, key, size) == hashlib.blake2b(data, key=key, digest_size=size).digest()


class Attacker:
    """A host made by hand, which knows the key where a test gives it."""

    def __init__(self, device: CDevice, key: bytes = KEY, nonce: bytes = HOST_NONCE) -> None:
        self.device = device
        device.nonce = BOARD_NONCE
        (reply,) = answers(device, naive_frame(messages.HELLO.code, 1, nonce))
        assert reply.type == messages.HELLO.reply_code
        self.board_nonce, self.proof = reply.payload[:16], reply.payload[16:]
        self.host_key, self.board_key = naive_keys(key, nonce, self.board_nonce)

    def frame(self, type_: int, counter: int, payload: bytes = b"", session: int = 7, sequence: int = 1) -> bytes:
        sealed = naive_sealed(self.host_key, type_, sequence, session, counter, payload)
        return naive_frame(type_, sequence, sealed, flags=FLAGS)

    def send(self, *arguments: Any, **more: Any) -> list[Frame]:
        return answers(self.device, self.frame(*arguments, **more))

    def reply(self, type_: int, counter: int, payload: bytes, session: int = 7, sequence: int = 1) -> Frame:
        return Frame(
            type_, sequence, naive_sealed(self.board_key, type_, sequence, session, counter, payload), flags=FLAGS
        )


@pytest.fixture
def device(make_learner: MakeDevice) -> CDevice:
    return make_learner(key=KEY)


def test_the_board_proves_that_it_has_the_key(device: CDevice) -> None:
    host = Attacker(device)
    assert host.board_nonce == BOARD_NONCE
    assert host.proof == naive_blake2b(b"fedpai hello 1", host.board_key, 16)


def test_a_session_by_the_definition(device: CDevice) -> None:
    host = Attacker(device)
    assert host.send(messages.OPEN.code, 1) == [host.reply(messages.OPEN.reply_code, 1, bytes(4))]
    assert host.send(messages.PING.code, 2, b"abc") == [host.reply(messages.PING.reply_code, 2, b"abc")]
    assert host.send(messages.PING.code, 9, b"abcd", sequence=3) == [
        host.reply(messages.PING.reply_code, 9, b"abcd", sequence=3)
    ]
    longest = sample(1024 - 24)
    assert host.send(messages.PING.code, 10, longest) == [host.reply(messages.PING.reply_code, 10, longest)]


def test_without_a_tag_nothing_is_obeyed(device: CDevice) -> None:
    for opened in (False, True):
        if opened:
            Attacker(device).send(messages.OPEN.code, 1)
        for request in messages.MESSAGES:
            if request is not messages.HELLO:
                for flags in (0, messages.FLAG_SESSION, messages.FLAG_TAG):
                    frame = naive_frame(request.code, 1, bytes(40), flags=flags)
                    assert answers(device, frame) == [error("needs_tag", request.code, FLAGS)]
        assert answers(device, naive_frame(messages.HELLO.code, 1, bytes(15))) == [error("needs_tag", 0x41, FLAGS)]
        for length in range(24):
            frame = naive_frame(messages.PING.code, 1, bytes(length), flags=FLAGS)
            assert answers(device, frame) == [error("bad_length", messages.PING.code, 24)]
    assert device.store["begun"] == 0


def test_every_changed_bit_of_a_request_is_noticed(device: CDevice) -> None:
    host = Attacker(device)
    host.send(messages.OPEN.code, 1)
    raw = bytes(FrameDecoder().feed(host.frame(messages.PING.code, 2, b"abc"))[0].raw()[:-4])  # type: ignore[union-attr]
    names = set()
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        version, type_, sequence, flags = (
            changed[0],
            changed[1],
            changed[2] | changed[3] << 8,
            changed[4] | changed[5] << 8,
        )
        replies = answers(device, naive_frame(type_, sequence, bytes(changed[6:]), version, flags))
        assert [reply.type for reply in replies] in ([], [messages.ERROR_CODE]), bit
        names.update(reply.payload[0] for reply in replies)
    codes = {error.code: error.name for error in messages.ERRORS}
    assert {codes[code] for code in names} == {"bad_version", "bad_flags", "needs_tag", "bad_session", "bad_tag"}
    assert host.send(messages.PING.code, 2, b"abc") == [host.reply(messages.PING.reply_code, 2, b"abc")]


def test_nothing_is_obeyed_twice_and_nothing_late(device: CDevice) -> None:
    host = Attacker(device)
    host.send(messages.OPEN.code, 1)
    recorded = host.frame(messages.PING.code, 5, b"abc")
    answers(device, recorded)
    assert answers(device, recorded) == [error("replayed", messages.PING.code, 5)]
    assert host.send(messages.PING.code, 4, b"late") == [error("replayed", messages.PING.code, 5)]
    assert host.send(messages.PING.code, 0, b"late") == [error("replayed", messages.PING.code, 5)]


def test_a_recorded_session_is_worthless(device: CDevice) -> None:
    host = Attacker(device)
    recorded = [host.frame(messages.OPEN.code, 1), host.frame(messages.SELFTEST.code, 2)]
    answers(device, *recorded)
    assert answers(device, recorded[0]) == [error("replayed", messages.OPEN.code, 2)]
    device.nonce = bytes(16)
    again = answers(device, naive_frame(messages.HELLO.code, 1, HOST_NONCE))[0].payload[:16]
    assert again != host.board_nonce
    assert [reply.payload[0] for reply in answers(device, *recorded)] == [13, 13]


def test_a_session_of_another_key_is_refused_and_the_open_one_goes_on(device: CDevice) -> None:
    host = Attacker(device)
    host.send(messages.OPEN.code, 1)
    thief = Attacker(device, key=bytes(32), nonce=bytes(16))
    assert thief.send(messages.OPEN.code, 1, session=9) == [error("bad_tag", messages.OPEN.code, 7)]
    assert thief.send(messages.OPEN.code, 5, session=7) == [error("bad_tag", messages.OPEN.code, 7)]
    assert host.send(messages.PING.code, 2) == [host.reply(messages.PING.reply_code, 2, b"")]


def test_who_is_refused_cannot_make_the_board_forget_a_reply(device: CDevice) -> None:
    host = Attacker(device)
    host.send(messages.OPEN.code, 1)
    first = host.send(messages.SELFTEST.code, 2)[-1]
    for frame in (messages.INFO, messages.HELLO, messages.SELFTEST):
        answers(device, naive_frame(frame.code, 1, bytes(16)))
    assert host.send(messages.SELFTEST.code, 3) == [first], "the repetition ran again"


def test_a_board_without_random_numbers_says_so(make_learner: MakeDevice) -> None:
    device = make_learner(key=KEY)
    device.nonce = b""
    assert answers(device, naive_frame(messages.HELLO.code, 1, HOST_NONCE)) == [error("no_entropy", 0x41, FLAGS)]
    with pytest.raises(BoardError, match="no_entropy"):
        Board(DeviceTransport(device), 0.5, key=KEY)


def test_a_host_with_another_key_or_none(device: CDevice) -> None:
    with pytest.raises(UserError, match="does not have this key"):
        Board(DeviceTransport(device), 0.5, key=bytes(32))
    with pytest.raises(UserError, match="obeys only who has its key; give --key"):
        Board(DeviceTransport(device), 0.5)


def test_a_board_without_authentication(make_learner: MakeDevice) -> None:
    with pytest.raises(UserError, match="built without a key; leave --key out"):
        Board(DeviceTransport(make_learner()), 0.5, key=KEY)


class Forger(DeviceTransport):
    """Replaces the board's replies."""

    forge: Any = None

    def read(self, timeout: float) -> bytes:
        received = super().read(timeout)
        return received if self.forge is None or not received else self.forge(received)


def test_the_host_believes_no_forged_reply(device: CDevice) -> None:
    transport = Forger(device)
    board = connect(transport, KEY)
    board.link.attempts, board.link.timeout = 2, 0.05
    old = Frame(messages.PING.reply_code, 0).encode()
    for forged in (
        lambda received: Frame(messages.PING.reply_code, sequence_of(received), b"forged").encode(),
        lambda received: Frame(messages.ERROR_CODE, sequence_of(received), bytes([7, 0, 2, 0, 0, 0, 0])).encode(),
        lambda received: Frame(messages.PING.reply_code, sequence_of(received), bytes(40), flags=FLAGS).encode(),
        lambda _: old,
    ):
        transport.forge = forged
        with pytest.raises(NoAnswerError):
            board.ping(b"true")
    transport.forge = None
    assert board.ping(b"true") == b"true"
    recorded = transport.device.send(b"")
    assert recorded == b""


def sequence_of(received: bytes) -> int:
    (frame,) = FrameDecoder().feed(received)
    assert isinstance(frame, Frame)
    return frame.sequence


def test_a_reply_is_good_for_its_request_only(device: CDevice) -> None:
    transport = Forger(device)
    board = connect(transport, KEY)
    board.link.attempts, board.link.timeout = 2, 0.05
    kept: list[bytes] = []
    transport.forge = lambda received: kept.append(received) or received  # type: ignore[func-returns-value]
    board.ping(b"first")
    transport.forge = lambda _: kept[0]
    with pytest.raises(NoAnswerError):
        board.ping(b"second")


def test_a_forged_hint_costs_a_session_and_nothing_else(device: CDevice) -> None:
    transport = Forger(device)
    board = connect(transport, KEY)
    hints = [lambda received: error("bad_session", 2, 0, sequence_of(received)).encode()]
    transport.forge = lambda received: hints.pop()(received) if hints else received
    with pytest.raises(BoardResetError):
        board.ping(b"true")
    assert board.ping(b"true") == b"true"


def test_counters_never_wrap() -> None:
    session = AuthenticatedSession(7, KEY, HOST_NONCE, BOARD_NONCE)
    session._counter = (1 << 32) - 2
    session.seal(Frame(2, 1))
    with pytest.raises(UserError, match="open another one"):
        session.seal(Frame(2, 2))


@pytest.mark.parametrize("vector", VECTORS["authentication"], ids=lambda vector: vector["name"])
def test_vectors(device: CDevice, vector: dict[str, Any]) -> None:
    """docs/protocol-vectors.json against the board, the host and the definition."""
    device.serve_store(bytes.fromhex(vector["key"]))
    device.nonce = bytes.fromhex(vector["board_nonce"])
    host_nonce = bytes.fromhex(vector["host_nonce"])
    host_key, board_key = naive_keys(bytes.fromhex(vector["key"]), host_nonce, device.nonce)
    assert (host_key.hex(), board_key.hex()) == (vector["host_key"], vector["board_key"])
    session = AuthenticatedSession(vector["session"], bytes.fromhex(vector["key"]), host_nonce, device.nonce)
    for step in vector["steps"]:
        sent, received = bytes.fromhex(step["sent"]), bytes.fromhex(step["received"])
        assert device.send(sent) == received
        request = Frame(step["type"], step["sequence"], bytes.fromhex(step["payload"]))
        if request.type == messages.HELLO.code:
            assert request.encode() == sent
            continue
        assert session.seal(request).encode() == sent
        sealed = naive_sealed(
            host_key, request.type, request.sequence, vector["session"], step["counter"], request.payload
        )
        assert naive_frame(request.type, request.sequence, sealed, flags=FLAGS) == sent
        (reply,) = FrameDecoder().feed(received)
        assert isinstance(reply, Frame)
        opened = session.open(reply)
        assert opened is not None
        assert opened.payload.hex() == step["reply"]

"""Plain sessions: a board that was reset, or taken over, is noticed and brought up to date."""

from collections.abc import Callable

import pytest
from link_device import CDevice, DeviceTransport
from link_naive import naive_frame
from link_requests import LARGE, LARGE_INPUT, MakeDevice, answers, expected_output, sample

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.conversation import BoardResetError
from host_bridge.errors import UserError
from host_bridge.frame import Frame
from host_bridge.payload import pack
from host_bridge.transfer import get, put

STORED, FETCHED = 1, 2
KEY = bytes(range(32))
Connect = Callable[[DeviceTransport], Board]


@pytest.fixture(params=[None, KEY], ids=["plain", "authenticated"])
def key(request: pytest.FixtureRequest) -> bytes | None:
    return request.param  # type: ignore[no-any-return]


def connect(transport: DeviceTransport, key: bytes | None) -> Board:
    board = Board(transport, 0.5, ready_within=5.0, key=key)
    if key is None:
        board.open_session()
    return board


def in_session(session: int, type_: int, sequence: int = 1, payload: bytes = b"") -> bytes:
    return naive_frame(type_, sequence, session.to_bytes(4, "little") + payload, flags=1)


def error(name: str, request: int, detail: int, sequence: int = 1) -> Frame:
    code = next(error.code for error in messages.ERRORS if error.name == name)
    payload = pack(messages.ERROR_REPLY, {"code": code, "request": request, "detail": detail})
    return Frame(messages.ERROR_CODE, sequence, payload)


def test_requests_of_a_session(make_learner: MakeDevice) -> None:
    device = make_learner()
    (reply,) = answers(device, in_session(7, messages.OPEN.code))
    assert reply == Frame(messages.OPEN.reply_code, 1, bytes(4))
    assert answers(device, in_session(7, messages.PING.code, 2, b"abc")) == [Frame(0x82, 2, b"abc")]
    assert answers(device, naive_frame(messages.PING.code, 3, b"abc")) == [Frame(0x82, 3, b"abc")]
    (reply,) = answers(device, in_session(8, messages.OPEN.code, 4))
    assert reply == Frame(messages.OPEN.reply_code, 4, (7).to_bytes(4, "little"))


@pytest.mark.parametrize("opened", [0, 7])
def test_refusals_name_the_session_the_board_is_in(make_learner: MakeDevice, opened: int) -> None:
    device = make_learner()
    if opened:
        answers(device, in_session(opened, messages.OPEN.code))
    for request in (messages.PING, messages.STATS, messages.PUT_CHUNK, messages.INFO):
        for session in (0, 8):
            assert answers(device, in_session(session, request.code)) == [error("bad_session", request.code, opened)]
    assert answers(device, in_session(0, messages.OPEN.code)) == [error("bad_session", 0x40, opened)]
    assert answers(device, naive_frame(messages.OPEN.code, 1)) == [error("bad_session", 0x40, opened)]
    assert answers(device, in_session(8, messages.OPEN.code, 1, b"x")) == [error("bad_session", 0x40, opened)]
    for length in range(4):
        frame = naive_frame(messages.PING.code, 1, bytes(length), flags=1)
        assert answers(device, frame) == [error("bad_length", messages.PING.code, 4)]
    assert answers(device, naive_frame(messages.PING.code, 1, bytes(30), flags=2)) == [error("bad_flags", 2, 1)]


def test_a_board_without_sessions_says_so(make_device: MakeDevice) -> None:
    device = make_device()
    with Board(DeviceTransport(device), ready_within=5.0) as board, pytest.raises(UserError, match="knows no sessions"):
        board.open_session()
    assert answers(device, in_session(7, messages.OPEN.code)) == [error("bad_flags", messages.OPEN.code, 0)]


def test_all_requests_work_in_a_session(make_learner: MakeDevice, key: bytes | None) -> None:
    with connect(DeviceTransport(make_learner(key=key)), key) as board:
        full = bytes(range(256)) * 4
        assert board.ping(full[: board.payload_limit]) == full[: board.payload_limit]
        assert board.infer(bytes(16)).output == bytes(range(10))
        assert board.selftest().passed
        put(board, STORED, full * 5)
        assert get(board, FETCHED) == full * 5
        assert (board.stats().refusals, board.traffic.bad_frames, board.traffic.repeats) == (0, 0, 0)


class RebootingTransport(DeviceTransport):
    """Its board can be replaced by one that knows nothing, as after a reset."""

    def reset(self, device: CDevice) -> None:
        self.device = device


def test_a_reset_is_told_and_then_all_goes_on(make_learner: MakeDevice, key: bytes | None) -> None:
    transport = RebootingTransport(make_learner(key=key))
    board = connect(transport, key)
    put(board, STORED, b"what it has to know")
    transport.reset(make_learner(key=key))
    with pytest.raises(BoardResetError, match="was reset") as caught:
        get(board, FETCHED)
    assert caught.value.was_reset
    put(board, STORED, b"what it has to know")
    assert get(board, FETCHED) == b"what it has to know"
    assert transport.device.store["begun"] == 2, "the request that was refused was carried out after all"


def test_a_reset_in_the_middle_of_a_transfer(make_learner: MakeDevice, key: bytes | None) -> None:
    content = bytes(20_000)
    transport = RebootingTransport(make_learner(key=key))
    board = connect(transport, key)
    with pytest.raises(BoardResetError):
        put(board, STORED, content, progress=lambda done, _: done >= 5000 and transport.reset(make_learner(key=key)))  # type: ignore[func-returns-value]
    assert put(board, STORED, content) == 0
    assert get(board, FETCHED) == content


def test_another_host_takes_the_board_over(make_learner: MakeDevice, key: bytes | None) -> None:
    device = make_learner(key=key)
    first = connect(DeviceTransport(device), key)
    second = connect(DeviceTransport(device), key)
    with pytest.raises(BoardResetError, match="another host's session") as caught:
        first.ping(b"mine?")
    assert not caught.value.was_reset
    with pytest.raises(BoardResetError):
        second.ping()
    assert second.ping(b"mine") == b"mine"


def test_a_line_that_was_lost_is_taken_up_in_the_same_session(make_learner: MakeDevice, key: bytes | None) -> None:
    device = make_learner(key=key)
    board = connect(DeviceTransport(device), key)
    put(board, STORED, b"abc")
    board.resume(DeviceTransport(device))
    assert get(board, FETCHED) == b"abc"
    with pytest.raises(BoardResetError):
        board.resume(DeviceTransport(make_learner(key=key)))
    assert board.ping(b"x") == b"x"


def test_a_line_that_was_lost_without_a_session(make_learner: MakeDevice) -> None:
    board = Board(DeviceTransport(make_learner()), 0.5)
    board.resume(DeviceTransport(make_learner()))
    assert board.ping(b"x") == b"x"
    with pytest.raises(UserError, match="now runs model"):
        other = make_learner()
        board._info = board.info().__class__(**{**vars(board.info()), "model_sha256": "00" * 32})
        board.resume(DeviceTransport(other))


def test_a_long_output_comes_in_pieces_that_leave_room_for_the_session(
    make_learner: MakeDevice, key: bytes | None
) -> None:
    board = connect(DeviceTransport(make_learner(LARGE, key=key)), key)
    x = sample(LARGE_INPUT)
    assert board.infer(x).output == expected_output(x, board.info().output_bytes)
    assert board.info().output_bytes > 2 * board.payload_limit


def test_a_host_hears_which_session_ends_with_its_own(make_learner: MakeDevice, key: bytes | None) -> None:
    device = make_learner(key=key)
    first = Board(DeviceTransport(device), 0.5, ready_within=5.0, key=key, session=True)
    assert first.link.session is not None and first.previous_session == 0
    second = Board(DeviceTransport(device), 0.5, ready_within=5.0, key=key, session=True)
    assert second.previous_session == first.link.session.number

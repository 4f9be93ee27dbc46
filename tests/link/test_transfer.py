"""Transfers over the C device: chunks in any order, several under way, resumed after every kind of loss."""

import random
import zlib
from collections.abc import Callable
from typing import Any

import link_faults
import pytest
from link_device import CDevice, DeviceTransport
from link_faults import Fault, FaultyTransport
from link_requests import MakeDevice, ask, refusal

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.errors import LinkError
from host_bridge.link import BoardError
from host_bridge.payload import pack
from host_bridge.transfer import Download, get, has_arrived, put
from host_bridge.transport import PortClosedError, Transport

STORED, FETCHED, REFUSED = 1, 2, 3
KEY = bytes(range(32))
CONTENT = random.Random(5).randbytes(5_000)


def open_board(transport: Transport, timeout: float = 0.5) -> Board:
    return Board(transport, timeout, ready_within=5.0, attempts=50, patience=0.3)


def begin(content: bytes, chunk_bytes: int, kind: int = STORED) -> bytes:
    values = {"kind": kind, "item": 7, "total": len(content), "crc32": zlib.crc32(content), "chunk_bytes": chunk_bytes}
    return pack(messages.PUT_BEGIN.request, values)


@pytest.mark.parametrize("size", [0, 1, 1019, 1020, 1021, 5000, 65536])
def test_there_and_back(make_learner: MakeDevice, size: int) -> None:
    device = make_learner()
    content = random.Random(size).randbytes(size)
    with open_board(DeviceTransport(device)) as board:
        assert put(board, STORED, content, item=9) == 0
        assert get(board, FETCHED) == content
        assert device.store == {"begun": 2, "written": size, "commits": 1, "bytes": size}
        assert board.traffic.repeats == 0


def test_a_board_without_transfers_says_so(make_device: MakeDevice) -> None:
    with open_board(DeviceTransport(make_device())) as board, pytest.raises(BoardError) as caught:
        put(board, STORED, CONTENT)
    assert caught.value.name == "unknown_type"


def test_chunks_may_come_in_any_order_and_are_written_once(make_learner: MakeDevice) -> None:
    device = make_learner()
    content = CONTENT[:330]
    fields = {"kind": STORED, "item": 7, "total": 330, "crc32": zlib.crc32(content), "chunk_bytes": 10}
    assert ask(device, messages.PUT_BEGIN, 1, **fields) == {"present": 0, "beyond": 0}
    order = [2, 1, 32, 2, 0, 0, *range(3, 32), 1, 32]
    for sequence, chunk in enumerate(order, 2):
        ask(device, messages.PUT_CHUNK, sequence, offset=10 * chunk, chunk=content[10 * chunk : 10 * chunk + 10])
        if sequence == 4:
            assert ask(device, messages.PUT_BEGIN, 99, **fields) == {"present": 0, "beyond": 1 << 31 | 0b11}
    assert ask(device, messages.PUT_END, 100, crc32=zlib.crc32(content)) == {"total": 330}
    assert device.store == {"begun": 1, "written": 330, "commits": 1, "bytes": 330}


@pytest.mark.parametrize(
    ("message", "payload", "expected"),
    [
        (messages.PUT_BEGIN, begin(b"", 0), ("bad_length", 1020)),
        (messages.PUT_BEGIN, begin(b"", 1021), ("bad_length", 1020)),
        (messages.PUT_BEGIN, begin(bytes(65537), 100), ("bad_length", 65536)),
        (messages.PUT_BEGIN, begin(b"", 100, FETCHED), ("bad_kind", FETCHED)),
        (messages.PUT_BEGIN, begin(b"", 100, 200), ("bad_kind", 200)),
        (messages.PUT_CHUNK, bytes(4), ("bad_state", 0)),
        (messages.PUT_END, bytes(4), ("bad_state", 0)),
        (messages.GET_BEGIN, bytes([STORED, 0, 0, 0, 0]), ("bad_kind", STORED)),
        (messages.GET_CHUNK, bytes(6), ("bad_state", 0)),
    ],
)
def test_refusals_before_a_transfer(
    make_learner: MakeDevice, message: messages.Message, payload: bytes, expected: tuple[str, int]
) -> None:
    device = make_learner()
    assert refusal(device, message, payload) == expected
    with open_board(DeviceTransport(device)) as board:
        put(board, STORED, CONTENT)
        assert get(board, FETCHED) == CONTENT


def at(offset: int, chunk: bytes) -> bytes:
    return offset.to_bytes(4, "little") + chunk


@pytest.mark.parametrize(
    ("message", "payload", "expected"),
    [
        (messages.PUT_CHUNK, at(1, bytes(100)), ("bad_offset", 5000)),
        (messages.PUT_CHUNK, at(5000, b""), ("bad_offset", 5000)),
        (messages.PUT_CHUNK, at(2**32 - 96, bytes(100)), ("bad_offset", 5000)),
        (messages.PUT_CHUNK, at(100, bytes(99)), ("bad_length", 104)),
        (messages.PUT_CHUNK, at(100, bytes(101)), ("bad_length", 104)),
        (messages.PUT_CHUNK, at(3300, bytes(100)), ("bad_state", 0)),
        (messages.PUT_END, zlib.crc32(CONTENT).to_bytes(4, "little"), ("bad_state", 0)),
        (messages.GET_CHUNK, bytes(6), ("bad_state", 0)),
    ],
)
def test_refusals_within_a_put_leave_it_as_it_is(
    make_learner: MakeDevice, message: messages.Message, payload: bytes, expected: tuple[str, int]
) -> None:
    device = make_learner()
    fields = {"kind": STORED, "item": 0, "total": 5000, "crc32": zlib.crc32(CONTENT), "chunk_bytes": 100}
    ask(device, messages.PUT_BEGIN, 1, **fields)
    assert refusal(device, message, payload, 2) == expected
    with open_board(DeviceTransport(device)) as board:
        put(board, STORED, CONTENT, chunk_bytes=100)
    assert device.store == {"begun": 1, "written": 5000, "commits": 1, "bytes": 5000}


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(0, 1025, ("bad_length", 1024)), (4999, 2, ("bad_offset", 5000)), (2**32 - 1, 2, ("bad_offset", 5000))],
)
def test_refusals_within_a_get(make_learner: MakeDevice, offset: int, length: int, expected: tuple[str, int]) -> None:
    device = make_learner()
    with open_board(DeviceTransport(device)) as board:
        put(board, STORED, CONTENT)
    ask(device, messages.GET_BEGIN, 1, kind=FETCHED, item=0)
    payload = pack(messages.GET_CHUNK.request, {"offset": offset, "length": length})
    assert refusal(device, messages.GET_CHUNK, payload, 2) == expected


def test_content_that_is_not_what_was_announced_is_refused_and_starts_again(make_learner: MakeDevice) -> None:
    device = make_learner()
    fields = {"kind": STORED, "item": 0, "total": 100, "crc32": zlib.crc32(CONTENT[:100]), "chunk_bytes": 100}
    ask(device, messages.PUT_BEGIN, 1, **fields)
    ask(device, messages.PUT_CHUNK, 2, offset=0, chunk=bytes(100))
    payload = zlib.crc32(CONTENT[:100]).to_bytes(4, "little")
    *_, reply = device_frames(device, messages.PUT_END, payload)
    assert reply.payload == pack(
        messages.ERROR_REPLY, {"code": 9, "request": messages.PUT_END.code, "detail": zlib.crc32(bytes(100))}
    )
    assert ask(device, messages.PUT_BEGIN, 4, **fields) == {"present": 0, "beyond": 0}
    assert device.store["commits"] == 0


def device_frames(device: CDevice, message: messages.Message, payload: bytes) -> list[Any]:
    from link_naive import naive_frame
    from link_requests import answers

    return answers(device, naive_frame(message.code, 3, payload))


def test_a_refused_commit_is_named_and_ends_the_transfer(make_learner: MakeDevice) -> None:
    device = make_learner()
    with open_board(DeviceTransport(device)) as board:
        with pytest.raises(BoardError) as caught:
            put(board, REFUSED, CONTENT)
        assert (caught.value.name, caught.value.detail) == ("model_failed", 33)
        assert board.request(messages.TRANSFER_STATUS)["state"] == 0


FAULTS = [link_faults.drop, link_faults.flip, link_faults.truncate, link_faults.duplicate, link_faults.lose]


@pytest.mark.parametrize("fault", [*FAULTS, link_faults.babble], ids=lambda fault: fault.__name__)
def test_transfers_over_a_bad_line(make_learner: MakeDevice, fault: Fault) -> None:
    device = make_learner()
    transport = FaultyTransport(DeviceTransport(device), fault, 0.2, seed=3)
    board = open_board(transport, timeout=0.02)
    content = CONTENT * 8
    put(board, STORED, content)
    assert get(board, FETCHED) == content
    assert device.store == {"begun": device.store["begun"], "written": 40_000, "commits": 1, "bytes": 40_000}
    assert transport.faults >= 5


class CutTransport(DeviceTransport):
    """The line breaks for good after so many bytes, whichever way they go."""

    def __init__(self, device: CDevice, after: int) -> None:
        super().__init__(device)
        self._left = after

    def write(self, data: bytes, timeout: float) -> None:
        passed = data[: self._left]
        self._left -= len(passed)
        super().write(passed, timeout)
        if len(passed) < len(data):
            raise PortClosedError("cut")

    def read(self, timeout: float) -> bytes:
        received = super().read(timeout)
        passed = received[: self._left]
        self._left -= len(passed)
        if len(passed) < len(received):
            raise PortClosedError("cut")
        return passed


def store_and_fetch(device: CDevice, after: int, content: bytes) -> tuple[bool, int]:
    """Transfer over a line that is cut and mended; returns whether it was cut, and the bytes written."""
    cut = stored = False
    transport: DeviceTransport = CutTransport(device, after)
    download = Download()
    while True:
        try:
            board = open_board(transport)
            if not stored and not has_arrived(board, STORED, content):
                put(board, STORED, content, chunk_bytes=16)
            stored = True
            assert get(board, FETCHED, chunk_bytes=16, partial=download) == content
        except PortClosedError:
            cut = True
            transport = DeviceTransport(device)
        else:
            return cut, device.store["written"]


def test_a_transfer_goes_on_after_a_cut_at_any_byte(make_learner: MakeDevice) -> None:
    content = CONTENT[:70]
    _, written = store_and_fetch(make_learner(), 10**6, content)
    assert written == 70
    after = 0
    while True:
        device = make_learner()
        cut, written = store_and_fetch(device, after, content)
        assert device.store["commits"] == 1, after
        assert written == 70, f"cut after byte {after}: chunks were sent again"
        if not cut:
            break
        after += 1
    assert after > 500


def test_what_has_been_fetched_is_not_fetched_again(make_learner: MakeDevice) -> None:
    device = make_learner()
    with open_board(DeviceTransport(device)) as board:
        put(board, STORED, CONTENT)
        half = Download(len(CONTENT), zlib.crc32(CONTENT), {at: CONTENT[at : at + 1000] for at in (0, 1000, 4000)})
        before = board.traffic.received_bytes
        assert get(board, FETCHED, chunk_bytes=1000, partial=half) == CONTENT
        assert board.traffic.received_bytes - before < 2200


def test_a_change_during_a_get_is_noticed(make_learner: MakeDevice) -> None:
    device = make_learner()
    with open_board(DeviceTransport(device)) as board:
        put(board, STORED, CONTENT)
        wrong = Download(len(CONTENT), zlib.crc32(CONTENT), {0: bytes(1000)})
        with pytest.raises(LinkError, match="changed meanwhile"):
            get(board, FETCHED, chunk_bytes=1000, partial=wrong)
        assert get(board, FETCHED, chunk_bytes=1000, partial=wrong) == CONTENT


def overheads(board: Board, content: bytes) -> tuple[float, float]:
    """What a put and a get put on the line beside the content, both directions, as a share of it."""
    found = []
    for transfer in (lambda: put(board, STORED, content), lambda: get(board, FETCHED)):
        before = board.traffic.sent_bytes + board.traffic.received_bytes
        transfer()
        found.append((board.traffic.sent_bytes + board.traffic.received_bytes - before) / len(content) - 1)
    return found[0], found[1]


VALUES = random.Random(1).randbytes(20_000)
"""5,000 float32 values."""


@pytest.mark.parametrize(
    ("in_session", "stated"), [(False, (3.85, 3.43)), (True, (4.28, 3.85))], ids=["no session", "session"]
)
def test_the_wire_adds_at_most_5_percent_to_5000_float32_values(
    make_learner: MakeDevice, in_session: bool, stated: tuple[float, float]
) -> None:
    with Board(DeviceTransport(make_learner()), 0.5, session=in_session) as board:
        found = overheads(board, VALUES)
    assert [100 * share for share in found] == pytest.approx(stated, abs=0.05), "docs/protocol.md says so"
    assert max(found) <= 0.05


def test_tags_and_all_add_at_most_5_percent(make_keyed_learner: Callable[[bytes], CDevice]) -> None:
    with Board(DeviceTransport(make_keyed_learner(KEY)), 0.5, key=KEY) as board:
        assert (board.info().max_payload, board.info().window) == (2304, 4096)
        found = overheads(board, VALUES)
        assert [100 * share for share in found] == pytest.approx((4.87, 4.32), abs=0.05), "docs/protocol.md says so"
        assert max(found) <= 0.05
        assert put(board, STORED, CONTENT, chunk_bytes=500) == 0
        assert get(board, FETCHED, chunk_bytes=700) == CONTENT


def test_three_requests_are_under_way(make_learner: MakeDevice) -> None:
    class Slow(DeviceTransport):
        """Answers only when it is asked; notes how many requests lie on the line."""

        most = 0

        def write(self, data: bytes, timeout: float) -> None:
            assert timeout > 0
            self.line = getattr(self, "line", b"") + data
            self.most = max(self.most, self.line.count(0))

        def read(self, timeout: float) -> bytes:
            if not self.line:
                return super().read(timeout)
            frame, _, self.line = self.line.partition(b"\0")
            super().write(frame + b"\0", 1)
            return super().read(timeout)

    transport = Slow(make_learner())
    with open_board(transport) as board:
        assert (board.info().under_way, board.info().window) == (3, 3 * 1040)
        put(board, STORED, CONTENT)
    assert transport.most == 3

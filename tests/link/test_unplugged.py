"""The plug is pulled at each byte of a whole conversation in turn; mended, it ends in the same result."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from link_device import CDevice, DeviceTransport
from link_requests import MakeDevice, expected_output, sample
from test_transfer import CutTransport

from host_bridge.client import Board
from host_bridge.conversation import BoardResetError
from host_bridge.transfer import Download, get, put
from host_bridge.transport import PortClosedError

STORED, FETCHED = 1, 2
CONTENT, CHUNK = sample(50), 24
X = sample(16)
Result = TypeVar("Result")


class Conversation:
    """A host that goes on after a cut, and notes what it has done already."""

    def __init__(self, device: CDevice, after: int, key: bytes | None) -> None:
        self.device = device
        self.cuts = 0
        self._key = key
        self._transport: DeviceTransport = CutTransport(device, after)

    def run(self) -> tuple[bytes, bytes]:
        """Open a session, store, infer, fetch."""
        board = self._insist(self._connect)
        self._insist(lambda: board if self._key or board.link.session else board.open_session(), board)
        self._insist(lambda: put(board, STORED, CONTENT, chunk_bytes=CHUNK), board)
        inference = self._insist(lambda: board.infer(X), board)
        download = Download()
        return inference.output, self._insist(lambda: get(board, FETCHED, chunk_bytes=CHUNK, partial=download), board)

    def _connect(self) -> Board:
        return Board(self._transport, 0.5, ready_within=5.0, key=self._key)

    def _insist(self, step: Callable[[], Result], board: Board | None = None) -> Result:
        while True:
            try:
                return step()
            except PortClosedError:
                self.cuts += 1
                self._transport = DeviceTransport(self.device)
                if board is not None:
                    board.resume(self._transport)


@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["plain", "authenticated"])
def test_unplugging_at_any_byte_is_survived(make_learner: MakeDevice, key: bytes | None) -> None:
    after = 0
    while True:
        conversation = Conversation(make_learner(key=key), after, key)
        assert conversation.run() == (expected_output(X, 10), CONTENT), f"cut after byte {after}"
        assert conversation.device.store["commits"] in (1, 2), after
        if conversation.cuts == 0:
            break
        assert conversation.cuts == 1
        after += 1
    assert after > (500 if key is None else 900), "the conversation is shorter than expected"


@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["plain", "authenticated"])
def test_a_reset_is_told_even_if_the_line_is_cut_while_the_session_is_opened_again(
    make_learner: MakeDevice, key: bytes | None
) -> None:
    """The board is reset, and the line is cut at each byte of what follows in turn."""
    after, cut = 0, True
    while cut:
        board = Board(DeviceTransport(make_learner(key=key)), 0.5, ready_within=5.0, key=key)
        if key is None:
            board.open_session()
        cut = False
        told = 0
        transport: DeviceTransport = CutTransport(make_learner(key=key), after)
        board.link.replace_transport(transport)
        while not told:
            try:
                board.ping(b"there?")
            except BoardResetError:
                told += 1
            except PortClosedError:
                cut = True
                transport = DeviceTransport(transport.device)
                try:
                    board.resume(transport)
                except BoardResetError:
                    told += 1
        assert told == 1, after
        try:
            assert board.ping(b"there?") == b"there?"
        except PortClosedError:
            cut = True
        after += 1
    assert after > 40

"""The link's self-test: does this board keep the protocol, and does its model compute what it should?"""

import time
from dataclasses import dataclass

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.frame import Frame, encode_raw

_QUIET_SECONDS = 0.3
"""How long nothing must come back after a broken frame."""


@dataclass(frozen=True)
class Check:
    """One check: what was tried, whether it held, and what was seen."""

    name: str
    passed: bool
    seen: str


def run_selftest(board: Board) -> list[Check]:
    """All checks, in order; takes about a second and two runs of the model.

    Raises:
        LinkError: the board stopped answering or refused a request.
    """
    lost_before = board.stats().rx_lost
    checks = [_echo(board, size) for size in _echo_sizes(board.payload_limit)]
    checks.append(_corrupted_frame(board))
    checks.append(_repeated_frame(board))
    checks.append(_known_answer(board))
    lost = board.stats().rx_lost - lost_before
    checks.append(Check("no received byte lost", lost == 0, f"{lost} bytes lost"))
    return checks


def _echo_sizes(limit: int) -> list[int]:
    """Empty, full, and around the length of a COBS block."""
    block = 254 - messages.HEADER_BYTES - messages.CRC_BYTES
    return sorted({0, 1, *(size for size in (block - 1, block, block + 1, 254) if size < limit), limit})


def _echo(board: Board, size: int) -> Check:
    echo = board.ping(_pattern(size))
    return Check(f"ping with {size} bytes", echo == _pattern(size), f"{len(echo)} bytes came back")


def _pattern(size: int) -> bytes:
    """Bytes with zeros and long runs without one."""
    return bytes((index * 7 + size) % 256 for index in range(size))


def _corrupted_frame(board: Board) -> Check:
    before = board.stats()
    raw = bytearray(board.link.next_frame(messages.PING, b"corrupted").raw())
    raw[-1] ^= 0x01
    board.link.send_bytes(encode_raw(bytes(raw)))
    answer = board.link.receive(time.monotonic() + _QUIET_SECONDS)
    counted = board.stats().crc_errors - before.crc_errors
    seen = f"counted {counted} time(s), {'answered' if answer else 'not answered'}"
    return Check("a corrupted frame is counted and not answered", counted == 1 and answer is None, seen)


def _repeated_frame(board: Board) -> Check:
    before = board.stats()
    request = board.link.next_frame(messages.SELFTEST)
    replies = [_send_and_wait(board, request) for _ in range(2)]
    after = board.stats()
    runs = after.inferences - before.inferences
    same = replies[0] is not None and replies[0] == replies[1]
    seen = f"{'the same reply' if same else 'different replies'}, {runs} run(s) of the model"
    return Check("a repeated frame is answered again and executed once", same and runs == 1, seen)


def _send_and_wait(board: Board, request: Frame) -> Frame | None:
    """Send a frame once; returns its reply, or None after the link's patience is over."""
    board.link.send(request)
    return board.link.await_reply(request)


def _known_answer(board: Board) -> Check:
    result = board.selftest()
    seen = f"output CRC-32 {result.output_crc32:08x}, expected {result.expected_crc32:08x}, {result.ticks} ticks"
    return Check("the model's output for the built-in input", result.passed, seen)

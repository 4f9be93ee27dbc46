"""Running a model call by call on a board whose firmware was built for profiling."""

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.errors import LinkError
from host_bridge.payload import data, number


def write_input(board: Board, x: bytes) -> None:
    """Write the model's whole input, int8 NHWC as bytes, into the arena.

    Raises:
        LinkError: the board refused, or did not answer.
    """
    chunk = board.payload_limit - messages.fixed_bytes(messages.INPUT.request)
    for offset in range(0, len(x), chunk):
        board.request(messages.INPUT, offset=offset, chunk=x[offset : offset + chunk])


def run_call(board: Board, call: int) -> int:
    """Run one call of the model on the arena as it is; returns its ticks.

    Raises:
        LinkError: there is no such call, the firmware is not built for profiling, or the board did not answer.
    """
    return number(board.request(messages.PROFILE, call=call), "ticks")


def read_arena(board: Board, offset: int, length: int) -> bytes:
    """Read ``length`` bytes of the arena.

    Raises:
        LinkError: they lie outside the arena, the firmware is not built for profiling, or the board did not answer.
    """
    limit = board.payload_limit
    pieces = []
    for at in range(offset, offset + length, limit):
        wanted = min(limit, offset + length - at)
        piece = data(board.request(messages.PEEK, offset=at, length=wanted), "chunk")
        if len(piece) != wanted:
            raise LinkError(f"the board sent {len(piece)} of {wanted} arena bytes; rebuild its firmware")
        pieces.append(piece)
    return b"".join(pieces)

"""Any number of bytes to or from a board, over a line that may fail. See "Transfers" in docs/protocol.md.

What the bytes mean is up to the caller: a *kind* and an *item* name them. A transfer that an exception cut short goes
on where it stopped when it is called again, from this process or another one, as long as the board was not reset.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from host_bridge import messages
from host_bridge.client import Board
from host_bridge.errors import LinkError
from host_bridge.link import BoardError
from host_bridge.payload import data, number, pack, unpack

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

_LARGEST_BEYOND = 32
_ATTEMPTS = 3
_UNDER_WAY, _ENDED_WELL = 1, 2


@dataclass
class Download:
    """What has arrived of one thing to fetch; give it to :func:`get` again after a line was lost."""

    total: int = 0
    crc32: int = 0
    chunks: dict[int, bytes] = field(default_factory=dict)

    def content(self) -> bytes:
        """All chunks, in order."""
        return b"".join(self.chunks[offset] for offset in sorted(self.chunks))


def put(
    board: Board,
    kind: int,
    content: bytes,
    *,
    item: int = 0,
    chunk_bytes: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Send ``content`` to the board and have it checked and taken over.

    Args:
        board: with firmware that knows transfers.
        kind: 0 to 255.
        content: any bytes, at most 4 GiB.
        item: which one of that kind; 0 to 2^32 - 1.
        chunk_bytes: bytes in a frame; None: as many as fit. Fewer are quicker where more than about one byte in a
            thousand is damaged.
        progress: see :data:`Progress`.

    Returns:
        Bytes that were present already, from an earlier attempt.

    Raises:
        BoardError: the board refused it; ``name`` says why.
        NoAnswerError: no answer.
        LinkError: the port failed; call again with an open board to go on.
    """
    crc = zlib.crc32(content)
    chunk = min(
        chunk_bytes or len(content) or 1, board.payload_limit - messages.fixed_bytes(messages.PUT_CHUNK.request)
    )
    spared = 0
    for attempt in range(1, _ATTEMPTS + 1):
        begun = board.request(
            messages.PUT_BEGIN, kind=kind, item=item, total=len(content), crc32=crc, chunk_bytes=chunk
        )
        missing = _missing(len(content), chunk, number(begun, "present"), number(begun, "beyond"))
        if attempt == 1:
            spared = len(content) - sum(min(chunk, len(content) - offset) for offset in missing)
        payloads = [
            pack(messages.PUT_CHUNK.request, {"offset": offset, "chunk": content[offset : offset + chunk]})
            for offset in missing
        ]
        for _, reply in board.stream(messages.PUT_CHUNK, payloads):
            if progress is not None:
                progress(number(unpack(messages.PUT_CHUNK.reply, reply), "present"), len(content))
        try:
            board.request(messages.PUT_END, crc32=crc)
        except BoardError as error:
            if error.name == "bad_crc" and attempt < _ATTEMPTS:
                continue
            raise
        break
    return spared


def has_arrived(board: Board, kind: int, content: bytes, *, item: int = 0) -> bool:
    """Whether the board's latest transfer is the put of ``content``, and it has ended well.

    For a caller that lost the line while :func:`put` was about to end, and must not send everything once more.
    """
    status = board.request(messages.TRANSFER_STATUS)
    wanted = {"state": _ENDED_WELL, "kind": kind, "item": item, "total": len(content), "crc32": zlib.crc32(content)}
    return all(status[name] == value for name, value in wanted.items())


def get(
    board: Board,
    kind: int,
    *,
    item: int = 0,
    chunk_bytes: int | None = None,
    partial: Download | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Fetch something from the board.

    Args:
        board: with firmware that knows transfers.
        kind: 0 to 255.
        item: which one of that kind.
        chunk_bytes: bytes in a frame; None: as many as fit.
        partial: collects what arrives, and spares what it holds already when the board still has the same.
        progress: see :data:`Progress`.

    Raises:
        BoardError: the board refused it; ``name`` says why.
        NoAnswerError: no answer.
        LinkError: the port failed (call again with the same ``partial``), or the bytes changed meanwhile.
    """
    download = Download() if partial is None else partial
    begun = board.request(messages.GET_BEGIN, kind=kind, item=item)
    total, crc = number(begun, "total"), number(begun, "crc32")
    if (download.total, download.crc32) != (total, crc):
        download.total, download.crc32, download.chunks = total, crc, {}
    chunk = min(chunk_bytes or board.payload_limit, board.payload_limit)
    wanted = [(at, min(chunk, total - at)) for at in _gaps(download, chunk)]
    payloads = [pack(messages.GET_CHUNK.request, {"offset": at, "length": length}) for at, length in wanted]
    for index, reply in board.stream(messages.GET_CHUNK, payloads):
        at, length = wanted[index]
        piece = data(unpack(messages.GET_CHUNK.reply, reply), "chunk")
        if len(piece) != length:
            raise LinkError(f"the board sent {len(piece)} of {length} bytes; rebuild its firmware")
        download.chunks[at] = piece
        if progress is not None:
            progress(sum(map(len, download.chunks.values())), total)
    content = download.content()
    if zlib.crc32(content) != crc:
        download.chunks.clear()
        raise LinkError(
            "what the board sent has another CRC-32 than it announced: it changed meanwhile; fetch it again"
        )
    return content


def _missing(total: int, chunk: int, present: int, beyond: int) -> list[int]:
    """Offsets of the chunks the board lacks."""
    first = present // chunk if present < total else (total + chunk - 1) // chunk
    there = {first + 1 + bit for bit in range(_LARGEST_BEYOND) if beyond >> bit & 1}
    return [number * chunk for number in range(first, (total + chunk - 1) // chunk) if number not in there]


def _gaps(download: Download, chunk: int) -> list[int]:
    """Offsets still to fetch; another chunk size than before starts anew."""
    if any(at % chunk or len(piece) != min(chunk, download.total - at) for at, piece in download.chunks.items()):
        download.chunks.clear()
    return [at for at in range(0, download.total, chunk) if at not in download.chunks]

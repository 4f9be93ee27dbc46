"""What a bad line does to bytes: dropped, flipped, doubled, held back, cut short; the same faults for the same seed.

One random number per byte decides, so the faults do not depend on how the bytes come in pieces.
"""

import random
from collections import Counter
from dataclasses import dataclass, fields

from host_bridge.errors import UserError
from host_bridge.frame import DELIMITER


@dataclass(frozen=True)
class FaultRates:
    """How likely each fault is.

    Attributes:
        drop: a byte does not arrive; per byte.
        flip: one of its bits arrives inverted; per byte.
        truncate: the rest of the frame does not arrive; per byte.
        cut: the line breaks before the byte, for both directions; per byte.
        duplicate: a frame arrives twice; per frame.
        delay: a frame's end, and all behind it, waits for ``delay_seconds``; per frame.
        delay_seconds: how long.
    """

    drop: float = 0.0
    flip: float = 0.0
    truncate: float = 0.0
    cut: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 0.05

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "delay_seconds" and not 0 <= getattr(self, field.name) <= 1:
                raise UserError(f"--{field.name} is a probability from 0 to 1, not {getattr(self, field.name):g}")
        if self.drop + self.flip + self.truncate + self.cut > 1:
            raise UserError("--drop, --flip, --truncate and --cut add up to more than 1; lower them")
        if self.duplicate + self.delay > 1:
            raise UserError("--duplicate and --delay add up to more than 1; lower them")
        if self.delay_seconds < 0:
            raise UserError("--delay-seconds must not be negative")


@dataclass(frozen=True)
class Piece:
    """Bytes to pass on after a pause; ``cut``: the line breaks behind them."""

    data: bytes
    pause: float = 0.0
    cut: bool = False


class FaultyLine:
    """One direction of a line.

    Args:
        rates: see :class:`FaultRates`.
        seed: of the faults.
        cut_after: break the line for certain after so many bytes; None: never.

    Attributes:
        faults: how often each happened, by the names of :class:`FaultRates`.
    """

    def __init__(self, rates: FaultRates, seed: str, cut_after: int | None = None) -> None:
        self.faults: Counter[str] = Counter()
        self._rates = rates
        self._random = random.Random(seed)
        self._cut_after = cut_after
        self._passed = 0
        self._swallowing = False
        self._frame = bytearray()

    def pass_on(self, data: bytes) -> list[Piece]:
        """What arrives of the next bytes of the stream."""
        pieces: list[Piece] = []
        arrived = bytearray()
        for value in data:
            byte = bytes([value])
            fault = self._fault_of_byte()
            if fault == "cut":
                return [*pieces, Piece(bytes(arrived), cut=True)]
            self._passed += 1
            got = self._damaged(byte, fault)
            arrived += got
            self._frame += got
            if byte == DELIMITER:
                again, pause = self._end_of_frame()
                if pause:
                    pieces.append(Piece(bytes(arrived[:-1])))
                    pieces.append(Piece(bytes(arrived[-1:]) + again, pause))
                    arrived.clear()
                else:
                    arrived += again
        if arrived:
            pieces.append(Piece(bytes(arrived)))
        return pieces

    def _fault_of_byte(self) -> str | None:
        if self._cut_after is not None and self._passed >= self._cut_after:
            return self._count("cut")
        return self._draw("drop", "flip", "truncate", "cut")

    def _draw(self, *names: str) -> str | None:
        """At most one of these faults, each with its probability."""
        number = self._random.random()
        for name in names:
            rate = getattr(self._rates, name)
            if number < rate:
                return self._count(name)
            number -= rate
        return None

    def _count(self, name: str) -> str:
        self.faults[name] += 1
        return name

    def _damaged(self, byte: bytes, fault: str | None) -> bytes:
        if fault == "truncate":
            self._swallowing = True
        if byte == DELIMITER:
            self._swallowing = False
        if self._swallowing or fault == "drop":
            return b""
        return bytes([byte[0] ^ 1 << self._random.randrange(8)]) if fault == "flip" else byte

    def _end_of_frame(self) -> tuple[bytes, float]:
        """What arrives once more, and for how long the end waits."""
        frame = bytes(self._frame)
        self._frame.clear()
        fault = self._draw("duplicate", "delay")
        return frame if fault == "duplicate" else b"", self._rates.delay_seconds if fault == "delay" else 0.0

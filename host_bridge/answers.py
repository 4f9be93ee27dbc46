"""What boards answer, as values."""

from dataclasses import dataclass
from typing import Any

from host_bridge import messages
from host_bridge.errors import LinkError


@dataclass(frozen=True)
class BoardInfo:
    """The INFO reply; units and meanings are those of the message table."""

    protocol: int
    model_format: int
    flags: int
    max_payload: int
    window: int
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    tick_hz: int
    selftest_crc32: int
    model_sha256: str
    model_name: str
    board_name: str
    under_way: int


@dataclass(frozen=True)
class BoardStats:
    """The STATS reply; units and meanings are those of the message table."""

    frames_ok: int
    crc_errors: int
    framing_errors: int
    rx_lost: int
    repeats: int
    inferences: int
    stack_used: int
    last_ticks: int
    uptime_ticks: int
    refusals: int


@dataclass(frozen=True)
class BoardFault:
    """The FAULT reply; meanings are those of the message table. ``count`` is 0 where there was none."""

    count: int
    exception: int
    status: int
    hard_status: int
    address: int
    pc: int
    lr: int
    sp: int


@dataclass(frozen=True)
class Inference:
    """The model's output (int8 values as bytes) and the ticks that the run took."""

    output: bytes
    ticks: int


@dataclass(frozen=True)
class SelfTest:
    """The board ran its model on the built-in input."""

    ticks: int
    output_crc32: int
    expected_crc32: int

    @property
    def passed(self) -> bool:
        """Whether the output is the one the firmware was generated with."""
        return self.output_crc32 == self.expected_crc32


def board_info(values: dict[str, Any]) -> BoardInfo:
    """The INFO reply.

    Raises:
        LinkError: it states what no board can mean.
    """
    info = BoardInfo(**values)
    if not messages.SMALLEST_MAX_PAYLOAD <= info.max_payload <= messages.LARGEST_MAX_PAYLOAD:
        raise LinkError(f"the board states a largest payload of {info.max_payload} bytes; rebuild its firmware")
    return info

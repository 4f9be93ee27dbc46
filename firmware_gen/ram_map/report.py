"""The RAM map in ``report.json``. Every size is in bytes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BlockKind = Literal["stack", "arena", "link", "data", "bss", "alignment"]
BufferKind = Literal["input", "output", "tensor", "scratch"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BufferReport(_Frozen):
    """A piece of the arena; in use from call ``first`` to call ``last``, both included."""

    name: str = Field(description="label of the tensor, from the model")
    kind: BufferKind
    offset: int = Field(description="from the arena's start")
    bytes: int
    first: int = Field(description="number of the call that first uses it; -1: filled before the first call")
    last: int = Field(description="number of the last one; the number of calls: read after the last call")


class CallReport(_Frozen):
    """One call into the runtime, in order."""

    name: str = Field(description="operator, or the conversion between layouts")
    layer: int = Field(description="number of the layer that its cost is counted for")
    alive_bytes: int = Field(description="of the arena, in use during the call")
    instructions: int | None = Field(default=None, description="measured by verify --profile; null otherwise")


class ArenaReport(_Frozen):
    """The arena over time."""

    bytes: int
    lower_bound: int = Field(description="bytes in use at the busiest call")
    calls: tuple[CallReport, ...]
    buffers: tuple[BufferReport, ...]


class BlockReport(_Frozen):
    """A piece of a memory region."""

    name: str = Field(description="symbol of the linked firmware, or what it is for")
    kind: BlockKind = Field(description="link: buffers of the serial link; bss and data: other variables")
    address: int | None = Field(description="null before linking")
    bytes: int


class RegionReport(_Frozen):
    """One RAM of the board."""

    name: str
    origin: int
    bytes: int
    used_bytes: int = Field(description="sum of its blocks")
    blocks: tuple[BlockReport, ...] = Field(description="by address, or in planned order before linking")


class RamMapReport(_Frozen):
    """Regions of the board, and the arena over time."""

    regions: tuple[RegionReport, ...] = Field(description="empty without a board and for programs of this machine")
    arena: ArenaReport

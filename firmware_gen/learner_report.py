"""``report.json`` of a learner's firmware. Every size is in bytes."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.ram_map.report import RegionReport
from firmware_gen.stack.report import StackReport

LEARNER_REPORT_VERSION = 2


class LearnerReport(BaseModel):
    """What a learner's firmware holds and takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner_report_version: int = LEARNER_REPORT_VERSION
    tool_version: str
    learner: str = Field(description="name in the firmware")
    description_sha256: str = Field(description="of the training graph")
    samples: int = Field(description="training samples that it has room for")
    sample_format: str = Field(description="how they are stored: uint8 or float32")
    encoding: str = Field(description="of values: the one that it has room for; float32 always")
    epochs: int = Field(description="passes over the samples in a round, at most")
    seeded: bool = Field(description="whether it computes its mask")
    value_capacity: int = Field(description="kept values that it has room for")
    block_bytes: int = Field(description="of working memory, in one piece or two")
    regions: dict[str, int] = Field(description="what that memory is for; kept and scratch lie over others")
    board: str
    target: str = Field(description="board or native")
    compiler: str
    flash_bytes: dict[str, int] = Field(description="code (weights are 0 unless a mask is baked in), total")
    ram_bytes: dict[str, int] = Field(description="arena (the working memory), stack, other, total")
    ram: tuple[RegionReport, ...] = Field(description="of the board, with what lies there; empty for this machine")
    stack: StackReport | None = Field(description="worst case; null for this machine")
    flash_capacity: int = Field(description="of the board")
    ram_capacity: int = Field(description="of the board's RAM regions that are used")
    files: tuple[str, ...] = Field(description="what was built, relative to the project")
    elf: Path = Field(exclude=True, description="the firmware's ELF file; not in report.json")

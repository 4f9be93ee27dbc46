"""The stack in ``report.json``. Every size is in bytes."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.boards import Board
from firmware_gen.stack.analysis import WorstCase, check_stack, worst_case
from firmware_gen.stack.worst_case import StackUnknownError


class FrameReport(BaseModel):
    """One function on the deepest way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    function: str
    bytes: int = Field(description="its frame, without the functions it calls")


class StackReport(BaseModel):
    """What the stack may take, from the compiler's stack usage and the call graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reserved_bytes: int = Field(description="set aside by the board file")
    worst_case_bytes: int | None = Field(description="program, interrupt and fault together; null if unknown")
    unknown: str | None = Field(default=None, description="why there is no worst case")
    program_bytes: int | None = Field(default=None, description="the deepest way from reset")
    interrupt_bytes: int | None = Field(default=None, description="an interrupt and a fault on top of it")
    path: tuple[FrameReport, ...] = Field(default=(), description="the deepest way from reset, outermost first")
    measured_bytes: int | None = Field(default=None, description="deepest use seen on the board; null if not measured")


def stack_report(build: Path, elf: Path, board: Board) -> StackReport:
    """Analyse a firmware; see :func:`firmware_gen.stack.analysis.worst_case`.

    Raises:
        UserError: the stack may outgrow what the board reserves.
    """
    try:
        found = worst_case(build, elf, board)
    except StackUnknownError as reason:
        return StackReport(reserved_bytes=board.stack_bytes, worst_case_bytes=None, unknown=str(reason))
    check_stack(found, board)
    return _known(found, board)


def _known(found: WorstCase, board: Board) -> StackReport:
    return StackReport(
        reserved_bytes=board.stack_bytes,
        worst_case_bytes=found.bytes,
        program_bytes=found.program.bytes,
        interrupt_bytes=found.bytes - found.program.bytes,
        path=tuple(FrameReport(function=name, bytes=size) for name, size in found.program.path),
    )

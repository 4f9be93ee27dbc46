"""Place buffers in one arena so that those alive at the same time do not overlap."""

from firmware_gen.passes.pack import Lifetime, pack
from firmware_gen.program import ARENA_SLACK, Plan, Program, buffers_of

ALIGNMENT = 4
ARENA_ALIGNMENT = 8


def lifetimes(program: Program) -> tuple[Lifetime, ...]:
    """When each buffer of a program is needed; sizes rounded up to the alignment.

    A buffer that no call touches is needed never.
    """
    first: dict[int, int] = {program.input: -1}
    last: dict[int, int] = {program.input: -1}
    for position, call in enumerate(program.calls):
        for buffer in buffers_of(call):
            first.setdefault(buffer, position)
            last[buffer] = position
    last[program.output] = len(program.calls)
    sizes = (-(-buffer.bytes // ALIGNMENT) * ALIGNMENT for buffer in program.buffers)
    return tuple(Lifetime(size, first.get(index, 0), last.get(index, -1)) for index, size in enumerate(sizes))


def plan_memory(program: Program) -> Plan:
    """The smallest arena that :func:`firmware_gen.passes.pack.pack` finds."""
    packing = pack(lifetimes(program))
    size = packing.height + ARENA_SLACK
    return Plan(packing.offsets, -(-size // ARENA_ALIGNMENT) * ARENA_ALIGNMENT, packing.lower_bound)

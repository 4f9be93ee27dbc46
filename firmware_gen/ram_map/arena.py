"""The arena of a placed program over time."""

from firmware_gen.passes.plan import lifetimes
from firmware_gen.program import Call, ConvertCall, CopyCall, Plan, Program
from firmware_gen.ram_map.report import ArenaReport, BufferKind, BufferReport, CallReport

_CONVERSIONS = {"from_nhwc": "NHWC to planes", "to_nhwc": "planes to NHWC"}


def arena_report(program: Program, plan: Plan) -> ArenaReport:
    """Calls in order, and the place and life of every buffer that is used."""
    lives = lifetimes(program)
    kinds = _kinds(program)
    buffers = tuple(
        BufferReport(
            name=buffer.name, kind=kinds.get(index, "tensor"), offset=plan.offsets[index], bytes=buffer.bytes,
            first=lives[index].first, last=lives[index].last,
        )
        for index, buffer in enumerate(program.buffers)
        if lives[index].first <= lives[index].last
    )  # fmt: skip
    calls = tuple(
        CallReport(name=call_name(call), layer=layer, alive_bytes=alive_bytes(buffers, number))
        for number, (call, layer) in enumerate(zip(program.calls, layer_numbers(program.calls), strict=True))
    )
    return ArenaReport(bytes=plan.arena_bytes, lower_bound=plan.lower_bound, calls=calls, buffers=buffers)


def alive_bytes(buffers: tuple[BufferReport, ...], call: int) -> int:
    """Bytes of the buffers that a call finds in use."""
    return sum(one.bytes for one in buffers if one.first <= call <= one.last)


def call_name(call: Call) -> str:
    """What a call does, for people."""
    return _CONVERSIONS[call.direction] if isinstance(call, ConvertCall) else call.layer.op


def ends_layer(call: Call) -> bool:
    """Whether a call is the last of its operator; conversions belong to the operator behind them."""
    return not isinstance(call, ConvertCall) and (not isinstance(call, CopyCall) or call.last)


def layer_numbers(calls: tuple[Call, ...]) -> list[int]:
    """By call, the number of the operator that its cost is counted for: its own, or that behind a conversion.

    Conversions behind the last operator are counted for it.
    """
    numbers = []
    done = 0
    for call in calls:
        numbers.append(done)
        done += ends_layer(call)
    return [min(number, max(done - 1, 0)) for number in numbers]


def _kinds(program: Program) -> dict[int, BufferKind]:
    kinds: dict[int, BufferKind] = {
        scratch: "scratch" for call in program.calls if (scratch := getattr(call, "scratch", None)) is not None
    }
    return kinds | {program.output: "output", program.input: "input"}

"""Let convolutions add to what they compute, channel by channel, so that their output is never kept.

An ADD that follows a convolution and reads its output reads the other input and writes the sum, which may be in the
other input's place: a residual block then needs two tensors at a time, not three. That goes for convolutions that
compute channel by channel, from a list of kept weights.
"""

from dataclasses import replace

from firmware_gen.passes.scratch import by_list, channel_bytes
from firmware_gen.program import AddCall, Buffer, Call, ConvCall, Program, Sum, buffers_of


def fuse_additions(program: Program) -> Program:
    """The program with one call for each convolution and addition that go together; needs encodings and scratch."""
    buffers, calls = list(program.buffers), list[Call]()
    for call in program.calls:
        conv = calls[-1] if calls else None
        if isinstance(call, AddCall) and isinstance(conv, ConvCall) and _fit(program, conv, call):
            calls[-1] = _fused(conv, call, buffers)
        else:
            calls.append(call)
    return replace(program, buffers=tuple(buffers), calls=tuple(calls))


def _fit(program: Program, conv: ConvCall, add: AddCall) -> bool:
    """Whether nothing else reads the convolution's output, and the sum leaves its input alone."""
    once = (add.source == conv.target) != (add.other == conv.target)
    users = sum(conv.target in buffers_of(call) for call in program.calls)
    kept = conv.target == program.output or (users > 2 and add.target != conv.target)
    return once and not kept and conv.sum is None and add.target != conv.source and by_list(conv)


def _fused(conv: ConvCall, add: AddCall, buffers: list[Buffer]) -> ConvCall:
    plane = replace(add.target_plane, zero_point=conv.target_plane.zero_point)
    first = add.source == conv.target
    added = replace(add, source_plane=plane) if first else replace(add, other_plane=plane)
    scratch = buffers[conv.scratch]
    buffers[conv.scratch] = replace(scratch, bytes=scratch.bytes + channel_bytes(plane))
    if add.target != conv.target:
        buffers[conv.target] = replace(buffers[conv.target], bytes=0)
    what = f"{conv.layer.op} + {add.layer.op}"
    layer = replace(conv.layer, name=add.layer.name, op=what, tensor=add.layer.tensor)
    return replace(conv, layer=layer, target=add.target, target_plane=plane, sum=Sum(added, first))

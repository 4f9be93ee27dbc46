"""Give every layer's weights an encoding, and scratch memory for it."""

from dataclasses import replace

import numpy as np

from firmware_gen.encodings import ENCODINGS, Candidate, chosen
from firmware_gen.encodings.choice import Optimize, choose
from firmware_gen.encodings.cost import Workload, estimate
from firmware_gen.passes.scratch import is_dot, is_dots, is_quad, scratch_bytes
from firmware_gen.program import ConvCall, Program

_BLOCK = 8
_ROW_PAIRS = ((4, 1, 5), (4, 2, 18), (2, 1, 3))
"""Width, stride and bytes between input rows of planes that go two rows at a time."""


def choose_encodings(program: Program, optimize: Optimize, core: str) -> Program:
    """The program with its weights as they go to flash, chosen for a core as GCC's ``-mcpu`` knows it."""
    convs = [call for call in program.calls if isinstance(call, ConvCall)]
    layers = [_candidates(call, core) for call in convs]
    picked = iter(zip(choose(layers, optimize), layers, strict=True))
    buffers, calls = list(program.buffers), list(program.calls)
    for position, call in enumerate(calls):
        if isinstance(call, ConvCall):
            candidate, candidates = next(picked)
            encoded = replace(call, weights=chosen(candidate, candidates, call.rows))
            calls[position] = encoded
            buffers[call.scratch] = replace(buffers[call.scratch], bytes=_scratch(encoded))
    return replace(program, buffers=tuple(buffers), calls=tuple(calls))


def _candidates(call: ConvCall, core: str) -> tuple[Candidate, ...]:
    work = workload(call)
    written = [(encoding, encoding.encode(call.rows)) for encoding in ENCODINGS]
    return tuple(Candidate(one, data, estimate(one.name, len(data), work, core)) for one, data in written)


def workload(call: ConvCall) -> Workload:
    """What a layer's instructions depend on."""
    source, target = call.source_plane, call.target_plane
    return Workload(
        channels=len(call.rows),
        live=int(np.count_nonzero(call.rows.any(axis=1))),
        weights=call.rows.shape[1],
        kept=call.kept,
        positions=target.height * target.width,
        blocks=_blocks(call),
        dot=is_dot(source, target, call.window, call.groups),
        quad=is_quad(call.rows.shape[1], target, call.groups),
        dots=is_dots(source, target, call.window, call.groups, max_taps=call.max_taps, activation=call.activation),
        near=call.window.stride == (1, 1),
    )


def _blocks(call: ConvCall) -> int:
    """Blocks of eight positions in a channel, as ``fp_conv_dsp.c`` cuts them."""
    source, target = call.source_plane, call.target_plane
    rows_apart = call.window.stride[0] * source.row_pitch
    if target.height > 1 and (target.width, call.window.stride[1], rows_apart) in _ROW_PAIRS:
        return -(-target.height // 2)
    blocks = target.height * -(-target.width // _BLOCK)
    if call.window.stride == (1, 1):
        blocks = min(blocks, -(-((target.height - 1) * source.row_pitch + target.width) // _BLOCK))
    return blocks


def _scratch(call: ConvCall) -> int:
    return scratch_bytes(
        call.source_plane, call.target_plane, call.window, call.groups,
        encoding=call.weights.encoding, max_taps=call.max_taps,
    )  # fmt: skip

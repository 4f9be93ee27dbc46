"""Sizes the generator computes are those the C runtime asks for."""

import shutil
import subprocess
from pathlib import Path

import pytest
from native_model import KERNELS, RUNTIME, WARNINGS
from op_cases import CASES, OpCase

from firmware_gen.emit import render_model
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.program import ARENA_SLACK, TAP_OFFSET_LIMIT, ConvCall

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
CASE_NAMES = (
    "network", "conv_dilated_same", "conv_empty", "dense_spatial_input", "conv_large_accumulators", "conv_dense",
    "conv_one_channel", "conv_grouped", "transpose_conv_dense", "depthwise_saturating", "separable_stack",
    "residual", "residual_4x4",
)  # fmt: skip
PROGRAM = """
#include <stdio.h>
#include "fp_model_data.c"
#include "fp_taps.h"
int main(void) {{
    printf("%u %u", (unsigned)FP_ARENA_SLACK, (unsigned)FP_TAP_OFFSET_LIMIT);
    {lines}
    return fp_generated_model.arena_bytes == 0;
}}
"""


@pytest.mark.parametrize("case", [case for case in CASES if case.name in CASE_NAMES], ids=lambda case: case.name)
def test_scratch_and_limits_are_the_runtimes(case: OpCase, tmp_path: Path) -> None:
    graph = parse_bytes(case.model(), "model.tflite")
    program, plan = compile_graph(graph)
    for name, text in render_model(graph, program, plan, 0).items():
        (tmp_path / name).write_text(text)
    convs = [(number, call) for number, call in enumerate(program.calls) if isinstance(call, ConvCall)]
    kinds = [(number, "conv" if call.sum is None else "conv_add") for number, call in convs]
    lines = [f'printf(" %u", (unsigned)fp_{kind}_scratch_bytes(&fp_{kind}_{number}));' for number, kind in kinds]
    (tmp_path / "sizes.c").write_text(PROGRAM.format(lines="\n    ".join(lines)))
    sources = [tmp_path / "sizes.c", *(RUNTIME / "src" / f"{name}.c" for name in KERNELS)]
    command = ["gcc", "-std=c99", *WARNINGS, f"-I{RUNTIME / 'include'}", f"-I{tmp_path}"]
    subprocess.run([*command, *map(str, sources), "-o", str(tmp_path / "sizes")], check=True, timeout=120)
    done = subprocess.run([tmp_path / "sizes"], capture_output=True, text=True, check=True, timeout=60)
    expected = [program.buffers[call.scratch].bytes for _, call in convs]
    assert [int(word) for word in done.stdout.split()] == [ARENA_SLACK, TAP_OFFSET_LIMIT, *expected]

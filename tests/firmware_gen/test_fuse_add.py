"""Additions that go into convolutions: which do, what memory that saves, and that no byte changes."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from native_model import NativeRuntime
from op_cases import CASES, OpCase, case_inputs
from residual_cases import FUSED

from firmware_gen.emit import render_model
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.passes.plan import lifetimes
from firmware_gen.program import AddCall, ConvCall, Program

ADDITIONS = [case for case in CASES if case.name.startswith(("add", "sub", "residual"))]


def _compile(name: str) -> Program:
    case = next(case for case in CASES if case.name == name)
    return compile_graph(parse_bytes(case.model(), "model.tflite"))[0]


def _fused(program: Program) -> list[ConvCall]:
    return [call for call in program.calls if isinstance(call, ConvCall) and call.sum is not None]


@pytest.mark.parametrize("name", FUSED)
def test_additions_that_can_go_into_convolutions(name: str) -> None:
    program = _compile(name)
    assert len(_fused(program)) == FUSED[name]
    whole = sum(isinstance(call, AddCall) for call in program.calls)
    layers = {"residual_read_twice": 1, "residual_shortcut_kept": 2, "residual_chain": 2}
    assert whole + FUSED[name] == layers.get(name, 1)


def test_a_residual_block_needs_two_tensors() -> None:
    """The sum lies where the shortcut was, and what the second convolution computes lies nowhere."""
    program = _compile("residual")
    (conv,) = _fused(program)
    assert conv.sum is not None and conv.target == conv.sum.other
    position = program.calls.index(conv)
    alive = [
        buffer
        for buffer, life in zip(program.buffers, lifetimes(program), strict=True)
        if life.first <= position <= life.last
    ]
    tensors = [buffer for buffer in alive if not buffer.name.startswith("scratch")]
    assert len(tensors) == 2
    (scratch,) = (buffer for buffer in alive if buffer.name.startswith("scratch"))
    assert scratch.bytes < tensors[0].bytes / 2


def test_the_sum_takes_another_place_while_its_convolution_reads() -> None:
    program = _compile("residual_own_input")
    for call in program.calls:
        if isinstance(call, ConvCall):
            assert call.target != call.source


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> NativeRuntime:
    return NativeRuntime(tmp_path_factory.mktemp("runtime"), ()).compile()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("case", ADDITIONS[::3], ids=lambda case: case.name)
def test_additions_on_their_own_equal_tflm(
    case: OpCase, runtime: NativeRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """test_generated_c.py runs the fused ones; here the same models keep their additions apart."""
    monkeypatch.setattr(sys.modules["firmware_gen.passes"], "fuse_additions", lambda program: program)
    model = case.model()
    graph = parse_bytes(model, "model.tflite")
    program, plan = compile_graph(graph)
    assert not _fused(program)
    samples = case_inputs(case, graph.tensors[graph.input].elements)
    expected = run_oracle_bytes(model, graph, samples).outputs.reshape(len(samples), -1)
    np.testing.assert_array_equal(runtime.run(render_model(graph, program, plan, 0), tmp_path, samples)[0], expected)

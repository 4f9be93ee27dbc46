"""Generated C, built for this machine with sanitizers, equals TensorFlow Lite Micro on every operator case."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_model import NativeRuntime
from op_cases import CASES, OpCase, case_inputs

from firmware_gen.emit import render_model
from firmware_gen.encodings import Candidate, Encoding
from firmware_gen.encodings.choice import Layers, Optimize
from firmware_gen.encodings.entropy import ENTROPY
from firmware_gen.encodings.gap4 import GAP4
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.selftest import selftest_crc32, selftest_input

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

VARIANTS = {"reference": ("-DFP_REFERENCE_KERNELS",), "fast": (), "mve": ("-DFP_MVE_KERNELS=1",)}


@pytest.fixture(scope="module", params=VARIANTS)
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NativeRuntime:
    folder = tmp_path_factory.mktemp(request.param)
    return NativeRuntime(folder, VARIANTS[request.param]).compile()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_generated_c_equals_tflm(case: OpCase, runtime: NativeRuntime, tmp_path: Path) -> None:
    model = case.model()
    graph = parse_bytes(model, f"{case.name}.tflite")
    samples = case_inputs(case, graph.tensors[graph.input].elements)
    expected = run_oracle_bytes(model, graph, samples).outputs.reshape(len(samples), -1)
    sources = render_model(graph, *compile_graph(graph), selftest_crc32(model, graph))
    outputs, known_input = runtime.run(sources, tmp_path, samples)
    np.testing.assert_array_equal(outputs, expected)
    np.testing.assert_array_equal(known_input, selftest_input(samples.shape[1]))


CODED_CASES = ("network", "conv_grouped")


@pytest.mark.parametrize("encoding", [GAP4, ENTROPY], ids=lambda one: one.name)
@pytest.mark.parametrize("case", [one for one in CASES if one.name in CODED_CASES], ids=lambda case: case.name)
def test_coded_weights_equal_tflm(
    case: OpCase, encoding: Encoding, runtime: NativeRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All layers in an encoding that small models hardly ever choose."""

    def same_for_all(layers: Layers, _: Optimize) -> list[Candidate]:
        return [next(one for one in candidates if one.encoding is encoding) for candidates in layers]

    monkeypatch.setattr(sys.modules["firmware_gen.passes.choose_encodings"], "choose", same_for_all)
    model = case.model()
    graph = parse_bytes(model, "model.tflite")
    samples = case_inputs(case, graph.tensors[graph.input].elements)
    expected = run_oracle_bytes(model, graph, samples).outputs.reshape(len(samples), -1)
    sources = render_model(graph, *compile_graph(graph), 0)
    assert encoding.c_name in sources["fp_model_data.c"]
    np.testing.assert_array_equal(runtime.run(sources, tmp_path, samples)[0], expected)


def test_another_runtime_format_does_not_compile(tmp_path: Path) -> None:
    case = CASES[0]
    model = case.model()
    graph = parse_bytes(model, "model.tflite")
    for name, text in render_model(graph, *compile_graph(graph), 0).items():
        (tmp_path / name).write_text(text.replace("FP_MODEL_FORMAT != 2", "FP_MODEL_FORMAT != 3"))
    include = Path(__file__).parents[2] / "firmware_gen" / "runtime" / "include"
    command = ["gcc", "-std=c99", f"-I{include}", "-fsyntax-only", str(tmp_path / "fp_model_data.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "python -m firmware_gen build" in done.stderr

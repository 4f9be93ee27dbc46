"""The NumPy oracle equals TensorFlow Lite Micro on every operator case."""

import numpy as np
import pytest
from op_cases import CASES, OpCase, case_inputs

from firmware_gen.numpy_oracle import run_graph
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes

pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_numpy_oracle_equals_tflm(case: OpCase) -> None:
    model = case.model()
    graph = parse_bytes(model, f"{case.name}.tflite")
    inputs = case_inputs(case, graph.tensors[graph.input].elements)
    expected = run_oracle_bytes(model, graph, inputs)
    assert expected.name.startswith("tflite-micro")
    for sample, wanted in zip(inputs, expected.outputs, strict=True):
        got = run_graph(graph, sample)[0]
        np.testing.assert_array_equal(got, wanted)

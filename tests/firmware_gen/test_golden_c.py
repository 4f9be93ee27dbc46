"""The rendered C of one tiny model, line by line, and the form of all others."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from op_cases import CASES

from firmware_gen.emit import render_model
from firmware_gen.emit.arrays import int_array
from firmware_gen.graph import Activation, FullyConnected, Graph, Tensor
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph

GOLDEN = Path(__file__).with_name("golden") / "fp_model_data.c"
ROOT = Path(__file__).parents[2]


def _tiny() -> Graph:
    """A dense layer from 20 inputs to 2, two weights kept; everything can be worked out by hand."""
    weights = np.zeros((2, 20), np.int8)
    weights[0, 3], weights[1, 19] = 7, -2
    tensors = {
        0: Tensor(0, "in", (1, 20), "int8", (0.5,), -4),
        1: Tensor(1, "weights", (2, 20), "int8", (0.25, 0.5), 0, weights),
        2: Tensor(2, "bias", (2,), "int32", (0.125,), 0, np.array([100, -50], np.int32)),
        3: Tensor(3, "*/ out", (1, 2), "int8", (1.0,), 5),
    }
    return Graph("tiny", "ab" * 32, 1234, tensors, (FullyConnected(0, 3, 1, 2, Activation.RELU),), 0, 3)


def test_tiny_model_is_the_golden_file() -> None:
    graph = _tiny()
    rendered = render_model(graph, *compile_graph(graph, "size"), 0xDEADBEEF)
    assert rendered["fp_model_data.c"] == GOLDEN.read_text()


def test_same_model_same_text() -> None:
    for case in CASES[::7]:
        graph = parse_bytes(case.model(), "model.tflite")
        assert render_model(graph, *compile_graph(graph), 1) == render_model(graph, *compile_graph(graph), 1)


@pytest.mark.parametrize("name", ["network", "spatial_output", "reshape_only", "conv_long_gaps", "max_pool_relu"])
def test_rendered_c_is_formatted(name: str, tmp_path: Path) -> None:
    graph = parse_bytes(next(case for case in CASES if case.name == name).model(), "model.tflite")
    files = []
    for file, text in render_model(graph, *compile_graph(graph), 1).items():
        (tmp_path / file).write_text(text)
        files.append(str(tmp_path / file))
    tool = Path(sys.executable).with_name("clang-format")
    style = f"--style=file:{ROOT / '.clang-format'}"
    done = subprocess.run([tool, "--dry-run", "-Werror", style, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(line) for file in files for line in Path(file).read_text().splitlines()) <= 120


def test_smallest_int32_has_a_literal_of_its_own_type() -> None:
    array = int_array("x", np.array([-(2**31), 2**31 - 1], np.int32), "ends")
    assert array.body.split() == ["(-2147483647", "-", "1),", "2147483647,"]

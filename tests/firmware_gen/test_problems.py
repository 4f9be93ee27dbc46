"""A model with several faults: every one is told before anything is built, and nothing is written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tflite_builder import FLOAT32, INT32, TfliteBuilder

from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.problems import ModelProblemsError
from firmware_gen.report_build import analyze_model
from host_bridge.errors import UserError


def _faulty() -> bytes:
    """Four operators, of which the first, the third and the fourth are not supported."""
    builder = TfliteBuilder()
    source = builder.activation((1, 8, 8, 2), 0.1, 0, name="image")
    x = builder.conv(source, np.ones((3, 3, 3, 2)), [0.1, 0.2, 0.3], np.ones(3), (0.5, 1))
    builder.operators[0].builtinOptions.strideH = 0
    x = builder.pool(x, "average", (2, 2), stride=(2, 2))
    x = builder.lookup("RELU", x, (0.5, 1))
    builder.codes[builder.operators[2].opcodeIndex] = 11  # L2_NORMALIZATION
    x = builder.fully_connected(x, np.ones((5, 48)), [0.1], np.ones(5), (0.5, 1))
    builder.tensors[x].type = FLOAT32
    return builder.finish(source, x)


def _too_wide() -> bytes:
    """Two tensors beyond what is addressed."""
    builder = TfliteBuilder()
    source = builder.activation((1, 70_000), 0.1, 0, name="long")
    x = builder.lookup("RELU", source, (0.1, 0))
    x = builder.lookup("TANH", x, (1 / 128, 0))
    return builder.finish(source, x)


def _open_batch() -> bytes:
    """A Flatten of a model whose batch is open, as converters write it."""
    builder = TfliteBuilder()
    source = builder.activation((1, 4, 4, 2), 0.1, 0)
    shape = builder.tensor((4,), [], [], kind=INT32)
    builder.operator(77, [source], shape)
    first = builder.tensor((1,), [], [], kind=INT32)
    builder.operator(45, [shape, *(builder.integers([n]) for n in (0, 1, 1))], first)
    wanted = builder.tensor((2,), [], [], kind=INT32)
    builder.operator(83, [first, builder.integers([32])], wanted)
    flat = builder.activation((1, 32), 0.1, 0)
    builder.operator(22, [source, wanted], flat)
    return builder.finish(source, builder.fully_connected(flat, np.ones((3, 32)), [0.1], None, (0.5, 1)))


def problems(content: bytes) -> ModelProblemsError:
    with pytest.raises(ModelProblemsError) as caught:
        compile_graph(parse_bytes(content, "faulty.tflite"))
    return caught.value


def test_every_operator_is_looked_at() -> None:
    error = problems(_faulty())
    assert [one.operator for one in error.problems] == [None, 0, 2, 3]
    first, conv, normalisation, dense = (one.message for one in error.problems)
    assert "model output" in first and "float32" in first
    assert "operator 0 (CONV_2D)" in conv and "stride (0, 1)" in conv
    assert "operator 2 is L2_NORMALIZATION" in normalisation and "on the host" in normalisation
    assert "operator 3 (FULLY_CONNECTED)" in dense and "float32" in dense
    assert str(error).startswith(f"faulty.tflite: {first}") and str(error).endswith(
        "(and 3 more; firmware_gen analyze lists them)"
    )


def test_layers_that_cannot_be_placed_are_all_named() -> None:
    error = problems(_too_wide())
    assert len(error.problems) == 3
    assert all("at most 65535 a dimension" in one.message for one in error.problems)


def test_an_open_batch_is_told_as_such() -> None:
    messages = [one.message for one in problems(_open_batch()).problems]
    assert "operator 0 is SHAPE" in messages[0] and "export with batch 1" in messages[0]
    assert "(STRIDED_SLICE)" in messages[1] and "export with batch 1" in messages[1]
    assert any("is PACK" in one and "export with batch 1" in one for one in messages)


def _analyze(path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firmware_gen", "analyze", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_analyze_lists_them(tmp_path: Path) -> None:
    path = tmp_path / "faulty.tflite"
    path.write_bytes(_faulty())
    shown = _analyze(path)
    assert (
        shown.returncode == 2
        and len(shown.stderr.splitlines()) == 1
        and shown.stderr.startswith("error: faulty.tflite")
    )
    told = " ".join(shown.stdout.split())
    assert all(word in told for word in ("stride (0, 1)", "L2_NORMALIZATION", "FULLY_CONNECTED", "float32"))
    document = json.loads(_analyze(path, "--json").stdout)
    assert document["supported"] is False and [one["operator"] for one in document["problems"]] == [None, 0, 2, 3]


def _large() -> bytes:
    builder = TfliteBuilder()
    source = builder.activation((1, 160, 160, 8), 0.1, 0, name="picture")
    weights = np.random.default_rng(0).integers(-127, 128, (160, 3, 3, 8))
    x = builder.conv(source, weights, [0.1], np.ones(160), (0.5, 1), stride=(2, 2))
    x = builder.conv(
        x, np.random.default_rng(1).integers(-127, 128, (200, 3, 3, 160)), [0.1], None, (0.5, 1), stride=(8, 8)
    )
    return builder.finish(source, x)


def test_flash_and_ram_are_both_told_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "large.tflite"
    path.write_bytes(_large())
    board = load_board("stm32f4_discovery")
    small = board.model_copy(update={"flash": (board.flash[0].model_copy(update={"bytes": 65536}),)})
    fit = analyze_model(path, small).fit
    assert fit is not None and len(fit.problems) == 2
    flash, ram = fit.problems
    assert "flash" in flash and "dominates with" in flash and "prune further" in flash
    assert "RAM" in ram and "dominates with" in ram and "smaller activations" in ram
    with pytest.raises(UserError) as caught:
        build_firmware(path, small, tmp_path / "out")
    assert flash in str(caught.value) and ram in str(caught.value)
    assert {one.name for one in tmp_path.iterdir()} == {"large.tflite"}

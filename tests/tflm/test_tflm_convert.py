"""Models converted for TensorFlow Lite Micro compute what they did, as far as tflite-micro can run them."""

import re
from pathlib import Path

import numpy as np
import pytest
from tflm_models import CONV_3D, MAXIMUM, inputs, mixed, named, with_operator

from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.tflm_child import infer_all
from firmware_gen.tflm_runtime import TflmOptions, build_tflm_library, decode, programs
from firmware_gen.tflm_runtime.arena import measured_need
from firmware_gen.tflm_runtime.convert import Converted, TflmWeights, convert
from firmware_gen.tflm_runtime.flatbuffer_model import code_of, constant, graph_of, load
from host_bridge.errors import UserError

ARENA = 1 << 20
CUSTOM = 32


def _convert(content: bytes, weights: TflmWeights) -> Converted:
    return convert(content, "net.tflite", weights, "balanced")


def _operators(content: bytes) -> list[int]:
    model = load(content, "net.tflite")
    return [code_of(model, row) for row in graph_of(model).operators]


def test_plain_is_the_file_itself() -> None:
    content = named("network")
    converted = _convert(content, "plain")
    assert converted.content == content
    assert converted.operators == ("AVERAGE_POOL_2D", "CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "RESHAPE")
    assert converted.registrations[1:3] == (
        "AddConv2D(tflite::Register_CONV_2D_INT8())", "AddFullyConnected(tflite::Register_FULLY_CONNECTED_INT8())",
    )  # fmt: skip
    assert converted.kernels == ("conv", "fully_connected", "pooling", "reshape")
    assert converted.sizes == (432, 10)


def test_decode_gives_the_same_bytes_in_less_flash() -> None:
    content = mixed()
    converted = _convert(content, "decode")
    assert len(converted.content) < 0.6 * len(content)
    assert _operators(converted.content).count(CUSTOM) == 3
    assert converted.registrations[-1] == "AddDecode()"
    assert {"decode", "decode_state_prune"} <= set(converted.kernels)
    samples = inputs((1, 10, 9, 3))
    np.testing.assert_array_equal(infer_all(converted.content, samples, ARENA), infer_all(content, samples, ARENA))


@pytest.mark.parametrize("shape", [(3, 5), (16, 3, 3, 7), (1, 1), (9,)])
def test_prune_encoding_by_another_decoder(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    weights = (rng.integers(-128, 128, shape) * (rng.random(shape) < 0.4)).astype(np.int8)
    encoded, ancillary = decode.encode_prune(weights)
    assert ancillary[:16] == bytes([2, 1, 0, 0, 1, *([0] * 11)])
    values = iter(np.frombuffer(ancillary[16:], np.int8))
    bits = "".join(f"{byte:08b}" for byte in encoded)[: weights.size]
    assert [int(next(values)) if bit == "1" else 0 for bit in bits] == weights.reshape(-1).tolist()
    assert next(values, None) is None


def test_a_whole_model_becomes_one_operator() -> None:
    content = named("network")
    converted = _convert(content, "program")
    model = load(converted.content, "net.tflite")
    (row,) = graph_of(model).operators
    assert converted.operators == ("FP_PROGRAM",)
    assert bytes(row.customOptions) == b"FPP1" + bytes.fromhex(converted.programs[0].graph.sha256)
    assert converted.programs[0].content == content
    assert [constant(model, index) for index in range(len(graph_of(model).tensors))] == [None, None]
    assert len(converted.content) < 700


def test_chains_around_an_operator_that_the_runtime_lacks() -> None:
    """The parts, run one after the other on tflite-micro, are the model."""
    content = mixed()
    converted = _convert(content, "program")
    assert _operators(converted.content) == [CUSTOM, MAXIMUM, CUSTOM]
    assert converted.operators == ("MAXIMUM", "FP_PROGRAM")
    first, second = converted.programs
    samples = inputs((1, 10, 9, 3))
    between = run_oracle_bytes(first.content, first.graph, samples).outputs
    joined = np.stack([np.maximum(one, one) for one in between])
    outputs = run_oracle_bytes(second.content, second.graph, joined).outputs
    np.testing.assert_array_equal(outputs.reshape(5, -1), infer_all(content, samples, ARENA))
    model = load(converted.content, "net.tflite")
    named_in_options = [
        bytes(row.customOptions)[4:].hex() for row in graph_of(model).operators if row.customOptions is not None
    ]
    assert named_in_options == [first.graph.sha256, second.graph.sha256]


def test_arena_is_enough_and_hardly_more() -> None:
    """Input and first activation, and what the interpreter prints of its own tables."""
    content = named("network")
    need = measured_need(content, "net.tflite")
    sample = inputs((1, 12, 12, 3), 1)
    infer_all(content, sample, need)
    assert need < 1.1 * (432 + 1152 + 2496)


def test_arena_with_programs_holds_ends_and_scratch() -> None:
    converted = _convert(named("network"), "program")
    scratch = converted.programs[0].plan.arena_bytes
    tensors = 432 + 16 + scratch
    assert tensors + 800 < converted.need.interpreter < tensors + 1600
    assert converted.need.cmsis_nn == 0


@pytest.mark.parametrize("weights", ["program", "decode", "plain"])
def test_the_array_is_the_model(weights: TflmWeights, tmp_path: Path) -> None:
    model = tmp_path / "mixed.tflite"
    model.write_bytes(mixed())
    report = build_tflm_library(model, tmp_path / "out", TflmOptions(weights))
    text = (tmp_path / "out" / "src" / "fp_tflm_model.cc").read_text()
    array = bytes(int(word, 16) for word in re.findall(r"0x([0-9a-f]{2})\b", text))
    assert "alignas(16) const unsigned char fp_weights_tflm_model[]" in text
    assert array == (tmp_path / "out" / "model.tflite").read_bytes()
    assert len(array) == report.converted_bytes
    resolver = (tmp_path / "out" / "src" / "fp_tflm_resolver.h").read_text()
    assert f"MicroMutableOpResolver<{len(report.operators)}>" in resolver
    assert resolver.count("resolver->Add") == len(report.operators)
    assert (tmp_path / "out" / "src" / "fp_tflm_op.cc").exists() == (weights == "program")
    if weights == "plain":
        samples = inputs((1, 10, 9, 3), 2)
        np.testing.assert_array_equal(infer_all(array, samples, ARENA), infer_all(mixed(), samples, ARENA))


def test_same_model_same_files(tmp_path: Path) -> None:
    model = tmp_path / "mixed.tflite"
    model.write_bytes(mixed())
    for out in ("one", "two"):
        build_tflm_library(model, tmp_path / out, TflmOptions())
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 20
    differing = [
        path for path in files if (tmp_path / "one" / path).read_bytes() != (tmp_path / "two" / path).read_bytes()
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("content", "weights", "fragment"),
    [
        (with_operator(CONV_3D), "plain", "CONV_3D is no operator of TensorFlow Lite Micro"),
        (with_operator(CUSTOM, 'x");//'), "program", "custom operator 'x\");//', whose code is not known here"),
        (named("reshape_only"), "program", "choose --tflm-weights plain"),
        (named("dense_no_bias"), "decode", "TFLM_DECODE makes no tensor smaller"),
        (b"TFL2" * 30, "plain", "not a .tflite file"),
    ],
)  # fmt: skip
def test_refusals(content: bytes, weights: TflmWeights, fragment: str, tmp_path: Path) -> None:
    model = tmp_path / "net.tflite"
    model.write_bytes(content)
    with pytest.raises(UserError) as caught:
        build_tflm_library(model, tmp_path / "out", TflmOptions(weights))
    assert fragment in str(caught.value)
    assert list(tmp_path.iterdir()) == [model]


def test_float_ends_are_refused(tmp_path: Path) -> None:
    model = tmp_path / "net.tflite"
    model.write_bytes(named("float_both_ends"))
    with pytest.raises(UserError, match="inference_input_type"):
        build_tflm_library(model, tmp_path / "out", TflmOptions())


def test_damaged_files_are_refused() -> None:
    """Cut anywhere, or with any byte turned over in the tables, a file is converted or refused: nothing else."""
    content = named("network")
    rng = np.random.default_rng(1)
    for cut in rng.integers(8, len(content), 40):
        with pytest.raises(UserError):
            load(content[:cut], "net.tflite")
    for place in rng.integers(8, len(content), 60):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            model = load(bytes(damaged), "net.tflite")
            programs.insert_programs(model, bytes(damaged), "net.tflite", "balanced")
        except UserError:
            continue

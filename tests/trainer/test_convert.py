"""Conversion to int8: zeros stay zero, and what goes wrong is named."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_network import SmallNetwork, make_small_network

from firmware_gen.graph import FullyConnected, Tensor
from firmware_gen.oracle import run_oracle
from firmware_gen.parse import parse_bytes, parse_tflite
from host_bridge.errors import UserError
from trainer.convert import calibration_samples, convert_int8
from trainer.datasets import Dataset
from trainer.int8 import int8_accuracy, int8_outputs, quantise
from trainer.models import load_builder
from trainer.models.network import build_network
from trainer.tensors import Role, TensorSpec
from trainer.zeros import check_zeros


@pytest.fixture(scope="module")
def small() -> SmallNetwork:
    return make_small_network()


@pytest.fixture(scope="module")
def model(small: SmallNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("convert") / "model.tflite"
    convert_int8(small.network, small.weights, small.masks, small.dataset, path)
    return path


def test_counts_come_from_masks_and_file(small: SmallNetwork, tmp_path: Path) -> None:
    conversion = convert_int8(small.network, small.weights, small.masks, small.dataset, tmp_path / "m.tflite")
    graph = parse_tflite(conversion.path)
    constants = [graph.constant(op.weights) for op in graph.ops if hasattr(op, "weights")]
    kept = [int(mask.sum()) for mask in small.masks if mask is not None]
    assert [tensor.kept for tensor in conversion.tensors] == kept
    assert [tensor.nonzero for tensor in conversion.tensors] == [np.count_nonzero(data) for data in constants]
    assert all(tensor.rounded_to_zero == tensor.kept - tensor.nonzero for tensor in conversion.tensors)
    assert conversion.bytes == conversion.path.stat().st_size


def test_a_kept_weight_too_small_for_a_step_is_counted(small: SmallNetwork, tmp_path: Path) -> None:
    weights = tuple(weight.copy() for weight in small.weights)
    column = np.flatnonzero(small.mask("logits/kernel").sum(axis=0) >= 2)[0]
    row = np.flatnonzero(small.mask("logits/kernel")[:, column])[0]
    weights[small.index("logits/kernel")][row, column] = 1e-7
    conversion = convert_int8(small.network, weights, small.masks, small.dataset, tmp_path / "m.tflite")
    assert [tensor.rounded_to_zero for tensor in conversion.tensors if tensor.name == "logits/kernel"] == [1]


def test_weights_land_in_their_places(small: SmallNetwork, model: Path) -> None:
    """Dequantised kernels are the network's, within half a step, in TensorFlow Lite's layout."""
    graph = parse_tflite(model)
    tensors = [graph.tensors[op.weights] for op in graph.ops if hasattr(op, "weights")]
    for tensor, name in zip(tensors, ("conv/kernel", "hidden/kernel", "logits/kernel"), strict=True):
        assert tensor.data is not None
        steps = np.array(tensor.scales).reshape(-1, *[1] * (tensor.data.ndim - 1))
        wanted = np.moveaxis(small.weights[small.index(name)], -1, 0)
        assert np.all(np.abs(tensor.data * steps - wanted) <= steps * 0.5001)


def test_input_output_and_weights_are_int8_per_channel(model: Path) -> None:
    graph = parse_tflite(model)
    ends = [graph.tensors[graph.input], graph.tensors[graph.output]]
    assert [tensor.dtype for tensor in ends] == ["int8", "int8"]
    assert [tensor.shape[0] for tensor in ends] == [1, 1]
    for op in graph.ops:
        if isinstance(op, FullyConnected):
            assert len(graph.tensors[op.weights].scales) == graph.tensors[op.weights].shape[0]


@pytest.mark.parametrize("name", ["conv/kernel", "hidden/kernel", "logits/kernel"])
def test_a_revived_weight_is_refused_by_name(small: SmallNetwork, name: str, tmp_path: Path) -> None:
    weights = tuple(weight.copy() for weight in small.weights)
    position = tuple(np.argwhere(~small.mask(name))[0])
    weights[small.index(name)][position] = 0.3
    out = tmp_path / "m.tflite"
    with pytest.raises(UserError, match=f"{name}: 1 pruned weights are not zero"):
        convert_int8(small.network, weights, small.masks, small.dataset, out)
    assert list(tmp_path.iterdir()) == []


def test_one_changed_byte_of_the_file_is_found(small: SmallNetwork, model: Path) -> None:
    content = bytearray(model.read_bytes())
    graph = parse_tflite(model)
    data = next(graph.constant(op.weights) for op in graph.ops if isinstance(op, FullyConnected))
    start = bytes(content).index(data.tobytes())
    dropped = np.flatnonzero(~small.mask("hidden/kernel").T.ravel())[0]
    content[start + dropped] = 5
    with pytest.raises(UserError, match=r"hidden/kernel: 1 pruned weights are not zero in changed\.tflite"):
        check_zeros(parse_bytes(bytes(content), "changed.tflite"), small.network.specs, small.weights, small.masks)


def test_the_same_weights_give_the_same_bytes(small: SmallNetwork, model: Path, tmp_path: Path) -> None:
    again = tmp_path / "model.tflite"
    convert_int8(small.network, small.weights, small.masks, small.dataset, again)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(model.read_bytes()).digest()


def test_calibration_never_sees_test_samples(small: SmallNetwork) -> None:
    samples = calibration_samples(small.dataset)
    training = {sample.tobytes() for sample in small.dataset.train_x}
    assert len(samples) > 0
    assert all(sample.tobytes() in training for sample in samples)


def test_an_unwritable_place_is_a_user_error(small: SmallNetwork, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        convert_int8(small.network, small.weights, small.masks, small.dataset, tmp_path / "file" / "m.tflite")


def test_conversion_leaves_no_noise(small: SmallNetwork, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    convert_int8(small.network, small.weights, small.masks, small.dataset, tmp_path / "m.tflite")
    assert capfd.readouterr() == ("", "")


def test_inputs_round_halves_to_even_and_saturate() -> None:
    tensor = Tensor(0, "in", (1, 6), "int8", (0.5,), -3)
    samples = np.array([[0.25, 0.75, 1.25, -0.25, 1000.0, -1000.0]], np.float32)
    assert quantise(samples, tensor).tolist() == [[-3, -1, -1, -3, 127, -128]]


def test_accuracy_counts_the_oracles_answers(small: SmallNetwork, model: Path) -> None:
    graph = parse_tflite(model)
    source = graph.tensors[graph.input]
    inputs = np.round(small.dataset.test_x / np.float64(source.scales[0])) + source.zero_point
    outputs = run_oracle(model, inputs.clip(-128, 127).astype(np.int8)).outputs
    np.testing.assert_array_equal(int8_outputs(model, small.dataset), outputs)
    right = sum(int(row.argmax() == label) for row, label in zip(outputs, small.dataset.test_y, strict=True))
    assert int8_accuracy(model, small.dataset) == pytest.approx(right / len(outputs))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet5", (28, 28, 1)),
        ("ds_cnn", (25, 6, 1)),
        ("har_cnn", (32, 1, 3)),
        ("resnet8", (8, 8, 3)),
        ("digits_cnn", (8, 8, 1)),
        ("fashion_cnn", (12, 12, 1)),
        pytest.param("vgg19", (32, 32, 3), marks=pytest.mark.slow),
        pytest.param("resnet18", (32, 32, 3), marks=pytest.mark.slow),
    ],
)
def test_every_model_converts_at_ninety_percent(name: str, shape: tuple[int, int, int], tmp_path: Path) -> None:
    """Normalisations folded, kernels of one shape told apart, zeros in place, answers as in float32."""
    random = np.random.default_rng(3)
    network = build_network(load_builder(name), shape, 10)
    weights, masks = zip(*(_sparse(spec, random) for spec in network.specs), strict=True)
    x, y = random.random((48, *shape), np.float32), np.zeros(48, np.int32)
    dataset = Dataset("random", tuple("abcdefghij"), x, y, x, y)
    conversion = convert_int8(network, weights, masks, dataset, tmp_path / "m.tflite")
    assert sum(one.kept for one in conversion.tensors) == sum(int(mask.sum()) for mask in masks if mask is not None)
    assert sum(one.nonzero for one in conversion.tensors) > 0.95 * sum(one.kept for one in conversion.tensors)
    exact = np.asarray(network.logits(weights, x))
    agreeing = np.mean(int8_outputs(conversion.path, dataset).argmax(axis=1) == exact.argmax(axis=1))
    assert agreeing >= 0.9


def _sparse(spec: TensorSpec, random: np.random.Generator) -> tuple[Any, Any]:
    """A tensor of a plausible size, one weight in ten of a prunable one kept, and its mask."""
    if spec.prunable:
        mask = random.random(spec.shape) < 0.1
        return (random.normal(0, (20 / spec.fan_in) ** 0.5, spec.shape) * mask).astype(np.float32), mask
    if spec.role in (Role.SCALE, Role.VARIANCE):
        sign = random.choice([-1, 1], spec.shape) if spec.role is Role.SCALE else 1
        return (random.uniform(0.5, 2, spec.shape) * sign).astype(np.float32), None
    return random.normal(0, 0.2, spec.shape).astype(np.float32), None

"""What int8 costs each layer, against ratios computed here from known errors."""

from dataclasses import replace
from math import log10
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_summary import example_summary
from small_network import SmallNetwork, make_small_network

from firmware_gen.graph import Activation
from firmware_gen.parse import parse_tflite
from trainer import convert
from trainer.convert import calibration_samples, convert_int8
from trainer.datasets import Dataset
from trainer.models.blocks import conv_norm, conv_norm_relu
from trainer.models.network import Network, build_network
from trainer.quantisation import error as error_module
from trainer.quantisation import layer_errors, sqnr_db
from trainer.quantisation.folding import fold
from trainer.report.plots.quantisation import quantisation_picture
from trainer.summary import RunSummary
from trainer.tensors import Masks, Weights, all_kept
from trainer.zeros import Kernel, match_kernels


@pytest.fixture(scope="module")
def small() -> SmallNetwork:
    return make_small_network()


def test_the_ratio_is_ten_times_the_logarithm_of_the_energies() -> None:
    signal = np.array([3.0, -4.0], np.float32)
    assert sqnr_db(signal, np.array([3.0, -4.5])) == pytest.approx(10 * log10(25 / 0.25))


def test_what_cannot_be_told_is_none() -> None:
    signal = np.array([1.0, 2.0], np.float32)
    assert sqnr_db(signal, signal) is None
    assert sqnr_db(np.zeros(2, np.float32), signal) is None


def test_weights_and_outputs_of_a_plain_network(small: SmallNetwork, tmp_path: Path) -> None:
    """Every layer once more by hand: NumPy for the float side, the interpreter's own output for the last layer."""
    conversion = convert_int8(small.network, small.weights, small.masks, small.dataset, tmp_path / "m.tflite")
    found = layer_errors(small.network, conversion, small.dataset)
    assert [one.name for one in found] == ["conv/kernel", "hidden/kernel", "logits/kernel"]
    graph = parse_tflite(conversion.path)
    for one in found:
        weight = small.weights[small.index(one.name)].astype(np.float64)
        peaks = np.abs(weight).reshape(-1, weight.shape[-1]).max(axis=0)
        steps = np.where(peaks > 0, peaks, 1) / 127
        noise = ((weight - np.rint(weight / steps) * steps) ** 2).sum()
        assert one.step == pytest.approx(steps[peaks > 0].max(), rel=1e-5)
        assert one.weight_sqnr_db == pytest.approx(10 * log10((weight**2).sum() / noise), abs=0.05)
    samples = calibration_samples(small.dataset)[: error_module.SAMPLES]
    few = replace(small.dataset, test_x=samples, test_y=np.zeros(len(samples), np.int32))
    ends = graph.tensors[graph.output]
    rounded = (convert.int8_outputs(conversion.path, few).astype(np.float64) - ends.zero_point) * ends.scales[0]
    exact = _logits(small, samples)
    expected = 10 * log10((exact**2).sum() / ((exact - rounded) ** 2).sum())
    assert found[-1].output_sqnr_db == pytest.approx(expected, abs=0.01)
    assert all(one.output_sqnr_db is not None and one.output_sqnr_db > 25 for one in found)


def _logits(small: SmallNetwork, samples: Any) -> Any:
    """The small network in NumPy, float64."""
    kernel, bias, hidden, hidden_bias, last, last_bias = (weight.astype(np.float64) for weight in small.weights)
    padded = np.pad(samples, ((0, 0), (1, 1), (1, 1), (0, 0))).astype(np.float64)
    x = sum(padded[:, y : y + 4, x : x + 4] @ kernel[y, x] for y in range(3) for x in range(3)) + bias
    pooled = np.maximum(x, 0).reshape(-1, 2, 2, 2, 2, 3).max(axis=(2, 4)).reshape(len(samples), -1)
    return np.maximum(pooled @ hidden + hidden_bias, 0) @ last + last_bias


def test_a_wrong_scale_is_seen(small: SmallNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels read with steps a tenth too long are off by a tenth, which is 20 dB."""
    conversion = convert_int8(small.network, small.weights, small.masks, small.dataset, tmp_path / "m.tflite")

    def stretched(*given: Any) -> dict[int, Kernel]:
        return {place: replace(one, steps=one.steps * np.float32(1.1)) for place, one in match_kernels(*given).items()}

    monkeypatch.setattr(error_module, "match_kernels", stretched)
    for one in layer_errors(small.network, conversion, small.dataset):
        assert one.weight_sqnr_db == pytest.approx(20, abs=0.3)


def build_normalised(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """Two branches that meet: a normalised convolution with and one without its own ReLU."""
    source = layers.Input(input_shape, name="image")
    x = conv_norm_relu(layers, source, 6, 3, "first")
    y = conv_norm(layers, x, 6, 3, "second")
    x = layers.ReLU(name="sum_relu")(layers.Add(name="sum")([x, y]))
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


@pytest.fixture(scope="module")
def normalised() -> tuple[Network, Weights, Masks, Dataset]:
    random = np.random.default_rng(2)
    network = build_network(build_normalised, (6, 6, 2), 4)
    weights = []
    for spec in network.specs:
        name = spec.name.rsplit("/", 1)[-1]
        low, high = (0.5, 2.0) if name in ("gamma", "moving_variance") else (-0.6, 0.6)
        sign = random.choice([-1, 1], spec.shape) if name == "gamma" else 1
        weights.append((random.uniform(low, high, spec.shape) * sign).astype(np.float32))
    x, y = random.random((40, 6, 6, 2), np.float32), np.zeros(40, np.int32)
    return network, tuple(weights), all_kept(network.specs), Dataset("random", ("a", "b", "c", "d"), x, y, x, y)


def test_folded_normalisations_are_followed(
    normalised: tuple[Network, Weights, Masks, Dataset], tmp_path: Path
) -> None:
    """Per-channel weights err by no more than half a step of a 127th of their peak; outputs agree with each other."""
    network, weights, masks, dataset = normalised
    errors = layer_errors(network, convert_int8(network, weights, masks, dataset, tmp_path / "m.tflite"), dataset)
    for one in errors:
        assert one.weight_sqnr_db is not None and 40 < one.weight_sqnr_db < 60
        assert one.output_sqnr_db is not None and one.output_sqnr_db > 30


def test_factors_are_those_of_inference(normalised: tuple[Network, Weights, Masks, Dataset]) -> None:
    network, weights, *_ = normalised
    names = [spec.name for spec in network.specs]
    folded = fold(network, weights, names.index("second/kernel"))
    assert folded is not None
    of = {name: weight.astype(np.float64) for name, weight in zip(names, weights, strict=True)}
    expected = of["second_norm/gamma"] / np.sqrt(of["second_norm/moving_variance"] + 1e-3)
    np.testing.assert_allclose(folded.factors, expected, rtol=1e-6)
    assert folded.output(Activation.NONE) is not None
    assert folded.output(Activation.RELU) is None


def test_the_report_shows_every_layer_and_the_worst() -> None:
    summary = example_summary()
    assert quantisation_picture(_with(summary, ((None, None), (None, None)))) is None
    picture = quantisation_picture(_with(summary, ((48.25, 31.5), (44.0, 29.75))))
    assert picture is not None
    assert "conv1 weights 48.2 dB, output 31.5 dB; logits weights 44.0 dB, output 29.8 dB" in picture.svg
    assert picture.caption.endswith("Lowest output: 29.8 dB in logits.")
    picture = quantisation_picture(_with(summary, ((48.25, 31.5), (44.0, None))))
    assert picture is not None
    assert "logits weights 44.0 dB, output unknown" in picture.svg
    assert picture.caption.endswith("Lowest output: 31.5 dB in conv1.")


def _with(summary: RunSummary, ratios: tuple[tuple[float | None, float | None], ...]) -> RunSummary:
    """The summary with these ratios of weights and output for its layers."""
    layers = tuple(
        one.model_copy(update={"weight_sqnr_db": weight, "output_sqnr_db": output})
        for one, (weight, output) in zip(summary.layers, ratios, strict=True)
    )
    return summary.model_copy(update={"layers": layers})

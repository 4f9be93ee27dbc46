"""Quantisation-aware training: zeros stay zeros, ranges are the data's, and what comes out is int8 that agrees."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_gen.graph import Conv2D, Graph, Lookup
from firmware_gen.parse import parse_tflite
from host_bridge.errors import UserError
from trainer.convert import Conversion, check_and_write, int8_outputs
from trainer.datasets import Dataset
from trainer.masks import apply_masks
from trainer.models.blocks import conv_norm_relu
from trainer.models.network import Network, build_network
from trainer.quantisation.training import FineTuning, fine_tune, widest_ranges
from trainer.quantisation.twin import QuantisedTwin, Ranges, check_quantisable
from trainer.tensors import Masks, Weights

SHAPE, CLASSES = (6, 6, 2), 3
DEAD = 2
"""An output channel of the first convolution that loses every weight, but has a bias."""


def build_tiny(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """A plain and a normalised convolution, a mean, a dense layer."""
    source = layers.Input(input_shape, name="image")
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="plain")(source)
    x = conv_norm_relu(layers, x, 8, 3, "normed")
    x = layers.AveragePooling2D(2, name="pool")(x)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def build_upside_down(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """A layer that the pruning-preserving scheme does not know."""
    source = layers.Input(input_shape, name="image")
    x = layers.Conv2DTranspose(4, 3, name="spread")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def build_only_keras(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """Keras 3's own argument."""
    source = layers.Input(input_shape, name="image")
    return source, layers.Dense(classes, lora_rank=None, name="logits")(layers.Flatten(name="flatten")(source))


@dataclass(frozen=True)
class Tuned:
    network: Network
    masks: Masks
    before: Weights
    plan: FineTuning
    twin: QuantisedTwin
    after: Weights
    ranges: Ranges
    losses: list[float]
    conversion: Conversion
    dataset: Dataset

    def place(self, name: str) -> int:
        return [spec.name for spec in self.network.specs].index(name)

    @property
    def graph(self) -> Graph:
        return parse_tflite(self.conversion.path)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    random = np.random.default_rng(4)
    network = build_network(build_tiny, SHAPE, CLASSES)
    masks: list[Any] = [random.random(spec.shape) < 0.4 if spec.prunable else None for spec in network.specs]
    masks[0][..., DEAD] = False
    masks[0][0, 0, 0, masks[0][0, 0, 0] == 0] = False
    before = []
    for spec in network.specs:
        own = spec.name.rsplit("/", 1)[-1]
        low, high = (0.5, 2.0) if own in ("gamma", "moving_variance") else (-0.6, 0.6)
        before.append(random.uniform(low, high, spec.shape).astype(np.float32))
    x = random.random((60, *SHAPE), np.float32)
    y = random.integers(0, CLASSES, 60).astype(np.int32)
    x[np.arange(60), 0, y] += 1.5
    dataset = Dataset("tiny", ("a", "b", "c"), x[:48], y[:48], x[48:], y[48:])
    weights = apply_masks(network.specs, tuple(before), tuple(masks))
    clients = {0: (x[:30], y[:30]), 1: (x[30:48], y[30:48])}
    plan = FineTuning(network.specs, tuple(masks), clients, 1, 1, 8, 0.02, 0.9, 0.0, 0)
    twin, losses = QuantisedTwin(network, weights), []
    after, ranges = fine_tune(twin, weights, plan, 2, lambda _, loss: losses.append(loss))
    out = tmp_path_factory.mktemp("qat") / "model.tflite"
    conversion = check_and_write(twin.convert(dataset.train_x, ranges), network, after, tuple(masks), out)
    return Tuned(network, tuple(masks), weights, plan, twin, after, ranges, losses, conversion, dataset)


def test_what_was_dropped_is_still_exactly_zero_and_the_rest_has_moved(tuned: Tuned) -> None:
    for spec, mask, before, after in zip(tuned.network.specs, tuned.masks, tuned.before, tuned.after, strict=True):
        if mask is not None:
            assert not after[~mask].any(), spec.name
            assert np.mean(after[mask] != before[mask]) > 0.5, spec.name


def test_training_lowers_the_loss(tuned: Tuned) -> None:
    assert tuned.losses[1] < tuned.losses[0]


def test_normalisations_are_frozen(tuned: Tuned) -> None:
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        place = tuned.place(f"normed_norm/{name}")
        np.testing.assert_array_equal(tuned.after[place], tuned.before[place])


def test_the_files_sparsity_is_the_masks(tuned: Tuned) -> None:
    kept = [int(mask.sum()) for mask in tuned.masks if mask is not None]
    assert [one.kept for one in tuned.conversion.tensors] == kept
    assert all(one.nonzero <= one.kept for one in tuned.conversion.tensors)
    assert sum(one.nonzero for one in tuned.conversion.tensors) > 0.95 * sum(kept)


def test_a_revived_weight_is_refused(tuned: Tuned, tmp_path: Path) -> None:
    """Masks that drop one more weight than the twin has zeros."""
    place = tuned.place("logits/kernel")
    mask = tuned.masks[place]
    assert mask is not None
    fewer = mask.copy()
    biggest = np.unravel_index(np.abs(tuned.after[place]).argmax(), fewer.shape)
    fewer[biggest] = False
    masks = tuple(fewer if at == place else one for at, one in enumerate(tuned.masks))
    content = tuned.conversion.path.read_bytes()
    with pytest.raises(UserError, match="logits/kernel: 1 pruned weights are not zero"):
        check_and_write(content, tuned.network, tuned.after, masks, tmp_path / "m.tflite")
    assert list(tmp_path.iterdir()) == []


def test_int8_agrees_with_the_float_network(tuned: Tuned) -> None:
    exact = np.asarray(tuned.network.logits(tuned.after, tuned.dataset.test_x))
    end = tuned.graph.tensors[tuned.graph.output]
    steps = int8_outputs(tuned.conversion.path, tuned.dataset).astype(np.float64)
    rounded = (steps - end.zero_point) * end.scales[0]
    assert ((exact - rounded) ** 2).sum() < 5e-3 * (exact**2).sum()


def test_ranges_are_the_widest_of_the_clients(tuned: Tuned) -> None:
    """Input and first activation, once more in NumPy; TensorFlow Lite's scales are made of them."""
    x = tuned.dataset.train_x
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))).astype(np.float64)
    kernel, bias = (tuned.after[tuned.place(f"plain/{name}")].astype(np.float64) for name in ("kernel", "bias"))
    out = sum(
        padded[:, row : row + 6, column : column + 6] @ kernel[row, column] for row in range(3) for column in range(3)
    )
    found = widest_ranges(tuned.twin, tuned.after, tuned.plan)
    np.testing.assert_allclose(found[:2], [[0, x.max()], [0, (out + bias).max()]], rtol=1e-5)
    graph = tuned.graph
    first = next(op for op in graph.ops if isinstance(op, Conv2D))
    scales = [graph.tensors[index].scales[0] for index in (graph.input, first.output)]
    np.testing.assert_allclose(scales, found[:2, 1] / 255, rtol=1e-3)


def test_a_dead_channel_keeps_its_bias(tuned: Tuned) -> None:
    """Its kernel says nothing about a step; in steps of almost nothing the bias would overflow int32."""
    graph = tuned.graph
    first = next(op for op in graph.ops if isinstance(op, Conv2D))
    assert first.bias is not None
    steps = np.array(graph.tensors[first.weights].scales) * graph.tensors[graph.input].scales[0]
    bias = graph.constant(first.bias) * steps
    np.testing.assert_allclose(bias, tuned.after[tuned.place("plain/bias")], atol=steps.max())
    assert abs(tuned.after[tuned.place("plain/bias")][DEAD]) > 10 * steps[DEAD]


def test_pooling_needs_no_operator_of_its_own_to_change_scales(tuned: Tuned) -> None:
    assert not [op for op in tuned.graph.ops if isinstance(op, Lookup)]


def test_a_mean_weighted_by_samples(tuned: Tuned) -> None:
    """One round with both clients is the mean of one round with each alone, from the same ranges."""
    both = fine_tune(tuned.twin, tuned.before, tuned.plan, 1, _ignore)[0]
    ranges = widest_ranges(tuned.twin, tuned.before, tuned.plan)
    alone = [_alone(tuned, client, ranges) for client in (0, 1)]
    for joint, first, second in zip(both, *alone, strict=True):
        np.testing.assert_allclose(joint, (30 * first + 18 * second) / 48, rtol=1e-4, atol=1e-6)


def _alone(tuned: Tuned, client: int, ranges: Ranges) -> Weights:
    plan = replace(tuned.plan, clients={client: tuned.plan.clients[client]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.quantisation.training.widest_ranges", lambda *_: ranges)
        return fine_tune(tuned.twin, tuned.before, plan, 1, _ignore)[0]


def _ignore(_: int, __: float) -> None:
    pass


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (
            build_upside_down,
            r"layer spread \(Conv2DTranspose\) has no quantisation-aware training; use --quantisation ptq",
        ),
        (build_only_keras, r"the model cannot be built by tf_keras \(.*\); use --quantisation ptq"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(builder: Callable[..., Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_quantisable(build_network(builder, SHAPE, CLASSES))
    assert "\n" not in str(caught.value)

"""The benchmarks' networks: published sizes, exact sparsity, the same bytes for a seed, activations within range."""

import numpy as np
import pytest

from benchmarks.networks.masks import given, uniform
from benchmarks.networks.resnet18 import resnet18
from benchmarks.networks.vgg19 import vgg19
from benchmarks.networks.visual_wake_words import SPARSITY, visual_wake_words
from firmware_gen.graph import Conv2D, FullyConnected, Graph
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes
from firmware_gen.passes.dead_channels import drop_dead_channels

# Weights, and multiply-accumulates when dense: trainer.models states the former, of the latter it is the usual count.
SIZES = {"resnet18": (resnet18, 11_164_352, 555_422_720), "vgg19": (vgg19, 20_024_000, 398_136_320)}


def _layers(graph: Graph) -> list[tuple[np.ndarray, int]]:
    """Weights, and outputs a channel."""
    ops = [op for op in graph.ops if isinstance(op, Conv2D | FullyConnected)]
    return [
        (graph.constant(op.weights), graph.tensors[op.output].elements // len(graph.constant(op.weights))) for op in ops
    ]


@pytest.mark.parametrize("name", SIZES)
def test_uniformly_pruned_network(name: str) -> None:
    make, weights, macs = SIZES[name]
    content = make(uniform(0.98))
    assert content == make(uniform(0.98))
    layers = _layers(parse_bytes(content, f"{name}.tflite"))
    assert sum(values.size for values, _ in layers) == weights
    assert sum(values.size * outputs for values, outputs in layers) == macs
    for values, _ in layers:
        assert np.count_nonzero(values) == values.size - round(0.98 * values.size)


def test_visual_wake_words_has_the_published_sparsity_in_dead_channels() -> None:
    graph = parse_bytes(visual_wake_words(), "vww.tflite")
    layers = _layers(graph)
    total = sum(values.size for values, _ in layers)
    zeros = total - sum(np.count_nonzero(values) for values, _ in layers)
    assert zeros == round(SPARSITY * total) or zeros == total - round((1 - SPARSITY) * total)
    left = sum(values.size for values, _ in _layers(drop_dead_channels(graph)))
    assert zeros - (total - left) < 0.2 * zeros  # so many zeros are not in dead channels


def test_masks_by_layer_in_the_order_of_keras() -> None:
    mask = np.zeros((3, 2, 4, 5), bool)
    mask[2, 1, 3, 4] = True
    kept = given({"conv": mask})("conv", (5, 3, 2, 4))
    assert np.argwhere(kept).tolist() == [[4, 2, 1, 3]]
    with pytest.raises(ValueError, match="conv"):
        given({"conv": mask})("conv", (5, 2, 3, 4))


def test_outputs_depend_on_the_input_and_are_not_saturated() -> None:
    graph = parse_bytes(content := resnet18(uniform(0.98)), "resnet18.tflite")
    samples = np.random.default_rng(0).integers(-128, 128, (3, 32, 32, 3)).astype(np.int8)
    outputs = run_oracle_bytes(content, graph, samples).outputs
    assert len({output.tobytes() for output in outputs}) == 3
    assert np.abs(outputs.astype(int)).max() < 127

"""Channels without effect are left out, and every output byte stays TensorFlow Lite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from op_cases import CASES, OpCase
from op_specs import Rng, sparse
from tflite_builder import TfliteBuilder

from firmware_gen.graph import Conv2D, FullyConnected, Graph
from firmware_gen.numpy_oracle import run_graph
from firmware_gen.oracle import run_oracle_bytes
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.passes.dead_channels import drop_dead_channels
from firmware_gen.passes.spread_transposed import spread_transposed

SCALE, LOW = 0.05, -128


class Net:
    """Layers with channels that have no kept weight, or that no later layer reads."""

    def __init__(self, rng: Rng, size: tuple[int, int, int] = (8, 7, 3)) -> None:
        self.rng, self.builder = rng, TfliteBuilder()
        self.source = self.x = self.builder.activation((1, *size), 0.02, -4)

    @property
    def channels(self) -> int:
        return int(self.builder.tensors[self.x].shape[-1])

    def _thin(self, shape: tuple[int, ...], unread: int, outputs_last: bool = False) -> np.ndarray:
        """Random weights; about a third of the outputs have none, and some inputs are read by nobody."""
        weights = sparse(self.rng, shape, 0.5)
        axis = len(shape) - 1 if outputs_last else 0
        dead = self.rng.random(shape[axis]) < 0.35
        weights[(..., dead) if outputs_last else dead] = 0
        if unread:
            weights[..., self.rng.choice(shape[-1], unread, replace=False)] = 0
        return weights

    def conv(self, filters: int, bias_limit: int, unread: int = 0, activation: str = "relu", **options: str) -> "Net":
        weights = self._thin((filters, 3, 3, self.channels), unread)
        bias = self.rng.integers(-bias_limit, bias_limit + 1, filters)
        scales = list(self.rng.uniform(0.002, 0.006, filters))
        self.x = self.builder.conv(self.x, weights, scales, bias, (SCALE, LOW), activation=activation, **options)
        return self

    def depthwise(self, multiplier: int, bias_limit: int, **options: str) -> "Net":
        filters = self.channels * multiplier
        weights = self._thin((3, 3, filters), 0, outputs_last=True)
        bias = self.rng.integers(-bias_limit, bias_limit + 1, filters)
        scales = list(self.rng.uniform(0.004, 0.01, filters))
        self.x = self.builder.depthwise(self.x, weights, scales, bias, (SCALE, LOW), activation="relu", **options)
        return self

    def dense(self, outputs: int, bias_limit: int, *, per_channel: bool = True, unread: int = 0) -> "Net":
        inputs = int(np.prod(self.builder.tensors[self.x].shape))
        weights = self._thin((outputs, inputs), unread)
        weights[0] = sparse(self.rng, (inputs,), 0.4)
        bias = self.rng.integers(-bias_limit, bias_limit + 1, outputs)
        scales = list(self.rng.uniform(0.002, 0.006, outputs if per_channel else 1))
        self.x = self.builder.fully_connected(self.x, weights, scales, bias, (SCALE, LOW), activation="relu")
        return self

    def pool(self, kind: str, padding: str = "valid") -> "Net":
        self.x = self.builder.pool(self.x, kind, (2, 2), stride=(2, 2), padding=padding)
        return self

    def flatten(self) -> "Net":
        self.x = self.builder.reshape(self.x, (1, int(np.prod(self.builder.tensors[self.x].shape))))
        return self

    def finish(self) -> bytes:
        weights = sparse(self.rng, (5, int(np.prod(self.builder.tensors[self.x].shape))), 0.7)
        bias = self.rng.integers(-90, 90, 5)
        return self.builder.finish(self.source, self.builder.fully_connected(self.x, weights, [0.01], bias, (0.1, 7)))


def _residual(net: Net) -> bytes:
    """ADD ties the channels of two branches; one of them has its own pool behind it."""
    net.conv(9, 0).conv(9, 0)
    first = net.x
    second = net.conv(9, 0).x
    net.x = net.builder.binary("add", (first, second), (0.07, LOW), activation="relu")
    return net.pool("average", "same").flatten().dense(11, 40).finish()


def _lookups(net: Net) -> bytes:
    """Constants pass activation tables, an average over everything and a rescale."""
    net.conv(9, 900, activation="none")
    net.x = net.builder.lookup("HARD_SWISH", net.x, (0.04, -7))
    net.conv(8, 900, padding="valid")
    net.x = net.builder.lookup("LOGISTIC", net.x, (1 / 256, -128))
    net.x = net.builder.mean(net.x, (0.004, -128))
    return net.dense(7, 30).finish()


def _gated(net: Net) -> bytes:
    """Every channel times a factor of its own, computed from the averages of all."""
    wide = net.conv(9, 300).x
    net.x = net.builder.mean(wide, (0.04, LOW), keep=True)
    net.conv(6, 200, activation="relu").conv(9, 200, activation="none")
    gates = net.builder.lookup("LOGISTIC", net.x, (1 / 256, -128))
    net.x = net.builder.binary("mul", (wide, gates), (0.03, LOW))
    return net.conv(5, 0).flatten().finish()


def _padded(net: Net) -> bytes:
    """Padding, enlarging and joining: channels in place go along, joined ones stay."""
    net.conv(6, 0)
    net.x = net.builder.pad(net.x, [(0, 0), (1, 2), (0, 1), (0, 0)])
    net.conv(7, 300, padding="valid")
    net.x = net.builder.resize_nearest(net.x, (5, 4))
    one = net.conv(6, 0).x
    net.x = net.builder.concatenation((one, one), 3)
    return net.conv(5, 0).flatten().finish()


NETS: dict[str, Callable[[Net], bytes]] = {
    "zero points": lambda net: net.conv(9, 0).pool("max").conv(11, 0).pool("max").flatten().dense(17, 0).finish(),
    "other constants": lambda net: net.conv(9, 900).pool("average").conv(11, 900).flatten().dense(17, 300).finish(),
    "no padding": lambda net: net.conv(9, 900, padding="valid").conv(7, 900, padding="valid").flatten().finish(),
    "unread": lambda net: net.conv(12, 900, unread=1).conv(9, 900, unread=5).flatten().dense(9, 9, unread=50).finish(),
    "no flatten": lambda net: net.conv(9, 900).dense(8, 300).finish(),
    "dense only": lambda net: net.flatten().dense(31, 900).dense(23, 900, per_channel=False).dense(9, 90).finish(),
    "depthwise": lambda net: net.conv(9, 0).depthwise(1, 300).conv(8, 0).flatten().finish(),
    "depthwise, two each": lambda net: net.conv(6, 0).depthwise(2, 0).conv(8, 0).depthwise(1, 0).flatten().finish(),
    "depthwise, no padding": lambda net: (
        net.conv(6, 900).depthwise(2, 900, padding="valid").conv(8, 0).flatten().finish()
    ),
    "residual": _residual,
    "lookups": _lookups,
    "gated": _gated,
    "padded": _padded,
}


def _samples(count: int) -> np.ndarray:
    rng = np.random.default_rng(count)
    return np.concatenate(
        [np.full((1, count), -128), np.full((1, count), 127), rng.integers(-128, 128, (4, count))]
    ).astype(np.int8)


def _channels(graph: Graph) -> int:
    return sum(len(graph.constant(op.weights)) for op in graph.ops if isinstance(op, Conv2D | FullyConnected))


@pytest.mark.parametrize("name", NETS)
def test_smaller_graph_equals_tflm(name: str) -> None:
    dropped = 0
    for seed in range(4):
        model = NETS[name](Net(np.random.default_rng(seed)))
        graph = parse_bytes(model, "model.tflite")
        samples = _samples(graph.tensors[graph.input].elements)
        smaller = drop_dead_channels(graph)
        expected = run_oracle_bytes(model, graph, samples).outputs.reshape(len(samples), -1)
        outputs = np.stack([run_graph(smaller, sample) for sample in samples]).reshape(len(samples), -1)
        np.testing.assert_array_equal(outputs, expected, err_msg=f"seed {seed}")
        compile_graph(graph)
        dropped += _channels(graph) - _channels(smaller)
    assert dropped >= 4, "hardly anything was left out"


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: case.name)
def test_operator_cases_keep_their_meaning(case: OpCase) -> None:
    graph = parse_bytes(case.model(), "model.tflite")
    sample = _samples(graph.tensors[graph.input].elements)[3]
    smaller = drop_dead_channels(spread_transposed(graph))
    np.testing.assert_array_equal(run_graph(smaller, sample), run_graph(graph, sample))


def _chain(first: np.ndarray, second: np.ndarray, bias: list[int]) -> Graph:
    """Two fully connected layers with one scale and zero points of 0."""
    builder = TfliteBuilder()
    source = builder.activation((1, first.shape[1]), 1.0, 0)
    x = builder.fully_connected(source, first, [1.0], np.array(bias), (1.0, 0))
    return parse_bytes(builder.finish(source, builder.fully_connected(x, second, [1.0], np.zeros(2), (1.0, 0))), "m")


def test_constants_go_into_the_bias_by_hand() -> None:
    """Channel 1 is always 5, channel 2 is read by nobody, channel 3 is always 0."""
    first = np.array([[1, 2], [0, 0], [3, 4], [0, 0], [0, 1]])
    second = np.array([[7, 10, 0, 9, 1], [0, -2, 0, 9, 1]])
    smaller = drop_dead_channels(_chain(first, second, [0, 5, 6, 0, 8]))
    one, other = (op for op in smaller.ops if isinstance(op, FullyConnected))
    assert one.bias is not None and other.bias is not None
    assert smaller.constant(one.weights).tolist() == [[1, 2], [0, 1]]
    assert smaller.constant(one.bias).tolist() == [0, 8]
    assert smaller.constant(other.weights).tolist() == [[7, 1], [0, 1]]
    assert smaller.constant(other.bias).tolist() == [50, -10]


def test_two_channels_stay_where_none_matters() -> None:
    smaller = drop_dead_channels(_chain(np.zeros((5, 3), int), np.ones((2, 5), int), [1, 2, 3, 4, 5]))
    one, other = (op for op in smaller.ops if isinstance(op, FullyConnected))
    assert smaller.constant(one.weights).shape == (2, 3)
    assert other.bias is not None
    assert smaller.constant(other.bias).tolist() == [15, 15]


def test_reports_show_the_model_as_it_was() -> None:
    graph = _chain(np.array([[1, 2], [0, 0], [3, 4]]), np.array([[7, 10, 0], [0, -2, 1]]), [0, 5, 6])
    program, _ = compile_graph(graph)
    layers = [call.layer for call in program.calls if call.layer.macs_dense]  # type: ignore[union-attr]
    assert [layer.shape for layer in layers] == [(1, 3), (1, 2)]
    assert [(layer.weights_total, layer.weights_kept, layer.channels_dropped) for layer in layers] == [
        (6, 4, 1),
        (6, 4, 0),
    ]
    assert [layer.macs_kept for layer in layers] == [4, 2]

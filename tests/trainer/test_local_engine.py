"""Local training against a step-by-step computation; dropped weights stay exactly zero."""

import inspect
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_federation import tiny_cnn, tiny_dataset, tiny_dense, tiny_network

from host_bridge.errors import UserError
from trainer.engines import ClientReply, ClientTask, LocalEngine, LocalWork
from trainer.engines.batches import draw_batches, mark_filling
from trainer.engines.execution import MOST_MACS, choose_execution
from trainer.engines.shifts import draw_shifts
from trainer.engines.threads import in_threads
from trainer.initialisers import initial_weights
from trainer.masks import apply_masks, fingerprint
from trainer.models.network import Network
from trainer.seeds import Purpose, generator
from trainer.tensors import Masks, Weights, all_kept
from trainer.values import pack_values, unpack_values

SEED = 9
WORK = LocalWork(epochs=2, batch_size=4, learning_rate=0.1, momentum=0.9, weight_decay=0.01)
PART = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23])


def half_masks(network: Network) -> Masks:
    random = np.random.default_rng(0)
    return tuple(None if mask is None else random.random(mask.shape) < 0.5 for mask in all_kept(network.specs))


def train(network: Network, masks: Masks, weights: Weights, part: np.ndarray, work: LocalWork = WORK) -> Weights:
    engine = LocalEngine(network, tiny_dataset(), (np.arange(3), part), SEED)
    engine.agree((masks, masks))
    payload = pack_values(weights, masks).astype("<f4").tobytes()
    (reply,) = engine.train([ClientTask(1, 5, payload, work, fingerprint(masks))])
    assert (reply.client, reply.round, reply.samples, reply.masks) == (1, 5, len(part), fingerprint(masks))
    return unpack_values(np.frombuffer(reply.payload, "<f4"), masks, network.specs)


def relu_backward(outputs: list[np.ndarray], kernels: list[np.ndarray], error: np.ndarray) -> list[np.ndarray]:
    """Gradients of kernels and biases of a multilayer perceptron, from the error at its logits."""
    gradients: list[np.ndarray] = []
    for layer in reversed(range(len(kernels))):
        gradients[:0] = [outputs[layer].T @ error, error.sum(axis=0)]
        error = (error @ kernels[layer].T) * (outputs[layer] > 0)
    return gradients


def gradients_of(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Of the mean cross-entropy, in float64 by hand."""
    kernels, outputs = weights[0::2], [x.reshape(len(x), -1)]
    for number, (kernel, bias) in enumerate(zip(kernels, weights[1::2], strict=True)):
        z = outputs[-1] @ kernel + bias
        outputs.append(z if number == len(kernels) - 1 else np.maximum(z, 0))
    odds = np.exp(outputs[-1] - outputs[-1].max(axis=1, keepdims=True))
    error = odds / odds.sum(axis=1, keepdims=True)
    error[np.arange(len(y)), y] -= 1
    return relu_backward(outputs[:-1], kernels, error / len(y))


@pytest.mark.parametrize("proximal", [0.0, 0.7])
def test_sgd_with_momentum_decay_and_proximal_term_equals_a_computation_by_hand(proximal: float) -> None:
    network, data = tiny_network(tiny_dense), tiny_dataset()
    masks = half_masks(network)
    start = apply_masks(network.specs, initial_weights(1, network.specs), masks)
    weights = [weight.astype(np.float64) for weight in start]
    velocity = [np.zeros_like(weight) for weight in weights]
    order = generator(SEED, Purpose.SHUFFLE, 5, 1)
    for _ in range(WORK.epochs):
        shuffled = PART[order.permutation(len(PART))]
        for begin in range(0, len(PART), WORK.batch_size):
            rows = shuffled[begin : begin + WORK.batch_size]
            gradients = gradients_of(weights, data.train_x[rows].astype(np.float64), data.train_y[rows])
            for number, mask in enumerate(masks):
                pull = proximal * (weights[number] - start[number])
                step = gradients[number] + WORK.weight_decay * weights[number] + pull
                velocity[number] = WORK.momentum * velocity[number] + (step if mask is None else step * mask)
                weights[number] = weights[number] - WORK.learning_rate * velocity[number]
    trained = train(network, masks, start, PART, replace(WORK, proximal=proximal))
    for got, expected in zip(trained, weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


def test_dropped_weights_stay_exactly_zero_and_kept_ones_move() -> None:
    """On the tensors themselves: packing would hide a dropped weight that moved."""
    import tensorflow as tf

    from trainer.engines.local_epochs import RATES, compile_local_epochs, flatten, unflatten

    network, data = tiny_network(tiny_cnn), tiny_dataset()
    masks = half_masks(network)
    start = apply_masks(network.specs, initial_weights(1, network.specs), masks)
    batches, present = draw_batches(30, 3, 8, np.random.default_rng(0))
    multipliers = [
        np.ones(w.shape, np.float32) if m is None else m.astype(np.float32) for w, m in zip(start, masks, strict=True)
    ]
    rates = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01, "proximal": 0.0}
    flat, _ = compile_local_epochs(network)(
        tf.constant(flatten(start)),
        tf.constant(flatten(multipliers)),
        x=tf.constant(data.train_x),
        y=tf.constant(data.train_y),
        steps=tf.constant(len(batches)),
        batches=tf.constant(mark_filling(batches, present)),
        shifts=tf.constant(draw_shifts(len(batches), 1, np.random.default_rng(0))),
        rates=tf.constant([rates[name] for name in RATES]),
    )
    for before, after, mask in zip(start, unflatten(network, flat.numpy()), masks, strict=True):
        if mask is not None:
            assert not after[~mask].any()
            assert (after[mask] != before[mask]).mean() > 0.9


@pytest.mark.parametrize(("samples", "batch_size"), [(1, 4), (4, 4), (9, 4), (3, 16)])
def test_batches_show_every_sample_once_an_epoch(samples: int, batch_size: int) -> None:
    rows, present = draw_batches(samples, 3, batch_size, np.random.default_rng(0))
    assert rows.shape == present.shape == (3 * -(-samples // batch_size), batch_size)
    for epoch_rows, epoch_present in zip(np.split(rows, 3), np.split(present, 3), strict=True):
        assert sorted(epoch_rows[epoch_present == 1].tolist()) == list(range(samples))
        assert epoch_present.sum() == samples


@pytest.mark.parametrize(("samples", "batch_size"), [(1, 4), (9, 4), (3, 16)])
def test_a_short_batch_is_filled_up_from_the_beginning_of_the_same_order(samples: int, batch_size: int) -> None:
    rows, present = draw_batches(samples, 2, batch_size, np.random.default_rng(0))
    for epoch_rows, epoch_present in zip(np.split(rows, 2), np.split(present, 2), strict=True):
        order, filling = epoch_rows[epoch_present == 1], epoch_rows[epoch_present == 0]
        assert len(filling) == -samples % batch_size
        assert filling.tolist() == [order[number % samples] for number in range(len(filling))]


def test_filling_has_no_weight_in_the_gradient() -> None:
    """Five samples in one batch of five, or of eight with three of weight 0."""
    network, part = tiny_network(tiny_dense), np.arange(5)
    masks, weights = all_kept(network.specs), initial_weights(2, network.specs)
    exact, padded = (train(network, masks, weights, part, LocalWork(1, size, 0.1, 0.0)) for size in (5, 8))
    for a, b in zip(exact, padded, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def normalised(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Flatten(name="flatten")(source)
    x = layers.BatchNormalization(momentum=0.75, name="norm")(x)
    return source, layers.Dense(classes, name="logits")(x)


def test_running_statistics_follow_the_batches_and_travel() -> None:
    """One batch: ``0.75 * before + 0.25 * of the batch``, the filling samples of the batch included."""
    network, data, part = tiny_network(normalised), tiny_dataset(), np.array([4, 9, 14])
    masks, weights = all_kept(network.specs), initial_weights(2, network.specs)
    order = part[generator(SEED, Purpose.SHUFFLE, 5, 1).permutation(3)]
    batch = data.train_x[[*order, order[0], order[1]]].reshape(5, -1).astype(np.float64)
    trained = train(network, masks, weights, part, LocalWork(1, 5, 0.1, 0.0))
    found = dict(zip([spec.name for spec in network.specs], trained, strict=True))
    np.testing.assert_allclose(found["norm/moving_mean"], 0.25 * batch.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["norm/moving_variance"], 0.75 + 0.25 * batch.var(axis=0), rtol=1e-5)


def test_scales_of_normalisations_do_not_decay() -> None:
    """With a learning rate that only decay can feel: gradients are far smaller than 1000 times the weight."""
    network, part = tiny_network(normalised), np.arange(6)
    masks, weights = all_kept(network.specs), initial_weights(2, network.specs)
    trained = train(network, masks, weights, part, LocalWork(1, 6, 1e-5, 0.0, weight_decay=1000.0))
    found = dict(zip([spec.name for spec in network.specs], zip(weights, trained, strict=True), strict=True))
    before, after = found["logits/kernel"]
    np.testing.assert_allclose(after, before * (1 - 1e-5 * 1000.0), atol=1e-4)
    before, after = found["norm/gamma"]
    np.testing.assert_allclose(after, before, atol=1e-4)


@pytest.mark.parametrize("builder", [tiny_dense, tiny_cnn])
def test_gradients_are_those_of_the_mean_loss_for_dropped_weights_too(builder: Callable[..., Any]) -> None:
    """By differences of the loss, at some weights of every tensor, half of them dropped; no unit is at its kink."""
    network, data, random = tiny_network(builder), tiny_dataset(), np.random.default_rng(0)
    masks = half_masks(network)
    weights = apply_masks(network.specs, initial_weights(1, network.specs), masks)
    weights = tuple(
        w if m is not None else random.normal(0, 0.2, w.shape).astype("f4") for w, m in zip(weights, masks, strict=True)
    )
    engine = LocalEngine(network, data, (np.arange(3), PART), SEED)
    engine.agree((masks, masks))
    (reply,) = engine.gradients([1], weights)
    assert (reply.client, reply.samples) == (1, len(PART))

    def loss(at: list[np.ndarray]) -> float:
        logits = np.asarray(network.logits(at, data.train_x[PART]), np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        chosen = shifted[np.arange(len(PART)), data.train_y[PART]]
        return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))

    step = 2e-3
    for number, gradient in enumerate(reply.gradients):
        for _ in range(4):
            place = tuple(int(random.integers(size)) for size in gradient.shape)
            ends = []
            for sign in (1, -1):
                moved = [weight.copy() for weight in weights]
                moved[number][place] += sign * step
                ends.append(loss(moved))
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-3)


@pytest.mark.parametrize("execution", ["graph", "xla"])
def test_one_graph_serves_clients_of_every_size(execution: str) -> None:
    network, data = tiny_network(tiny_dense), tiny_dataset()
    parts = tuple(np.arange(size) for size in (1, 7, 30))
    engine = LocalEngine(network, data, parts, SEED, compaction=False, execution=execution, threads=1)
    masks = all_kept(network.specs)
    engine.agree((masks,) * 3)
    payload = pack_values(initial_weights(0, network.specs), masks).tobytes()
    tasks = [ClientTask(client, 1, payload, WORK, fingerprint(masks)) for client in range(3)]
    assert [reply.samples for reply in engine.train(tasks)] == [30, 7, 1]
    trained = {trainee.local_epochs for trainee in engine._trainees}
    graphs = [inspect.unwrap(one, stop=lambda f: hasattr(f, "experimental_get_tracing_count")) for one in trained]
    assert [graph.experimental_get_tracing_count() for graph in graphs] == [1]


def replies(execution: str, threads: int | None, masks: Masks, network: Network) -> list[ClientReply]:
    """Five clients of different sizes, images moved."""
    parts = tuple(np.arange(start, 30, step) for start, step in ((0, 1), (1, 2), (2, 3), (3, 9), (4, 30)))
    engine = LocalEngine(network, tiny_dataset(), parts, SEED, execution=execution, threads=threads)
    engine.agree((masks,) * len(parts))
    payload = pack_values(apply_masks(network.specs, initial_weights(0, network.specs), masks), masks).tobytes()
    work = replace(WORK, shift=1)
    return list(engine.train(ClientTask(c, 3, payload, work, fingerprint(masks)) for c in range(len(parts))))


@pytest.mark.parametrize("execution", ["graph", "xla"])
def test_executions_give_equal_replies_up_to_rounding_and_threads_do_not_matter(execution: str) -> None:
    network = tiny_network(tiny_cnn)
    masks = half_masks(network)
    one, three = replies(execution, 1, masks, network), replies(execution, 3, masks, network)
    assert one == three
    for reply, plain in zip(one, replies("graph", None, masks, network), strict=True):
        assert (reply.client, reply.samples) == (plain.client, plain.samples)
        assert reply.loss == pytest.approx(plain.loss, rel=1e-4)
        values, expected = (np.frombuffer(payload, "<f4") for payload in (reply.payload, plain.payload))
        np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-5)


def wide_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(64, 3, padding="same", name="conv1")(source)
    x = layers.Conv2D(MOST_MACS // (16 * 9 * 64) + 1, 3, padding="same", name="conv2")(x)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def large_kernel_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.Conv2D(2, 4, name="conv")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def depthwise_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    source = layers.Input(input_shape)
    x = layers.DepthwiseConv2D(3, name="depthwise")(source)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


@pytest.mark.parametrize(
    ("builder", "xla"), [(tiny_cnn, True), (wide_cnn, False), (large_kernel_cnn, False), (depthwise_cnn, False)]
)
def test_only_small_networks_without_odd_convolutions_are_compiled_by_xla(
    builder: Callable[..., Any], xla: bool
) -> None:
    network = tiny_network(builder)
    chosen = choose_execution(network)
    assert chosen.xla == xla
    assert (chosen.network is network) == (not xla)
    assert chosen.threads == os.cpu_count()
    assert not choose_execution(network, "graph").xla


def test_executions_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match="unknown execution 'fast'; choose from: auto, graph, xla"):
        choose_execution(tiny_network(tiny_cnn), "fast")
    with pytest.raises(UserError, match="use execution 'graph'"):
        choose_execution(tiny_network(depthwise_cnn), "xla")


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_keep_the_order_read_ahead_a_little_and_pass_errors_on(threads: int) -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(40):
            read.append(number)
            yield number

    def invert(number: int) -> float:
        return 1 / (number - 30)

    results = in_threads(invert, items(), threads)
    assert [next(results) for _ in range(20)] == [1 / (number - 30) for number in range(20)]
    assert len(read) <= 20 + 2 * threads + 1
    with pytest.raises(ZeroDivisionError):
        list(results)

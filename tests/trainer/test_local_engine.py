"""Local training against a step-by-step computation; dropped weights stay exactly zero."""

import numpy as np
import pytest
from tiny_federation import tiny_cnn, tiny_dataset, tiny_dense, tiny_network

from trainer.engines import ClientTask, LocalEngine, LocalWork
from trainer.engines.batches import draw_batches
from trainer.engines.shifts import draw_shifts
from trainer.initialisers import initial_weights
from trainer.masks import apply_masks
from trainer.models.network import Network
from trainer.seeds import Purpose, generator
from trainer.tensors import Masks, Weights, all_kept
from trainer.values import pack_values, unpack_values

SEED = 9
WORK = LocalWork(epochs=2, batch_size=4, learning_rate=0.1, momentum=0.9, weight_decay=0.01)


def half_masks(network: Network) -> Masks:
    random = np.random.default_rng(0)
    return tuple(None if mask is None else random.random(mask.shape) < 0.5 for mask in all_kept(network.specs))


def train(network: Network, masks: Masks, weights: Weights, part: np.ndarray, work: LocalWork = WORK) -> Weights:
    engine = LocalEngine(network, tiny_dataset(), (np.arange(3), part), SEED)
    engine.agree((masks, masks))
    (reply,) = engine.train([ClientTask(1, 5, pack_values(weights, masks), work)])
    assert (reply.client, reply.round, reply.samples) == (1, 5, len(part))
    return unpack_values(reply.values, masks, network.specs)


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


def test_sgd_with_momentum_and_decay_equals_a_computation_by_hand() -> None:
    network, data, part = tiny_network(tiny_dense), tiny_dataset(), np.array([2, 3, 5, 7, 11, 13, 17, 19, 23])
    masks = half_masks(network)
    start = apply_masks(initial_weights(1, network.specs), masks)
    weights = [weight.astype(np.float64) for weight in start]
    velocity = [np.zeros_like(weight) for weight in weights]
    order = generator(SEED, Purpose.SHUFFLE, 5, 1)
    for _ in range(WORK.epochs):
        shuffled = part[order.permutation(len(part))]
        for begin in range(0, len(part), WORK.batch_size):
            rows = shuffled[begin : begin + WORK.batch_size]
            gradients = gradients_of(weights, data.train_x[rows].astype(np.float64), data.train_y[rows])
            for number, mask in enumerate(masks):
                step = gradients[number] + WORK.weight_decay * weights[number]
                velocity[number] = WORK.momentum * velocity[number] + (step if mask is None else step * mask)
                weights[number] = weights[number] - WORK.learning_rate * velocity[number]
    for got, expected in zip(train(network, masks, start, part), weights, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


def test_dropped_weights_stay_exactly_zero_and_kept_ones_move() -> None:
    """On the tensors themselves: packing would hide a dropped weight that moved."""
    import tensorflow as tf

    from trainer.engines.local_epochs import compile_local_epochs

    network, data = tiny_network(tiny_cnn), tiny_dataset()
    masks = half_masks(network)
    start = apply_masks(initial_weights(1, network.specs), masks)
    batches, present = draw_batches(30, 3, 8, np.random.default_rng(0))
    multipliers = [
        np.ones(w.shape, np.float32) if m is None else m.astype(np.float32) for w, m in zip(start, masks, strict=True)
    ]
    rates = {
        name: tf.constant(value) for name, value in (("learning_rate", 0.1), ("momentum", 0.9), ("weight_decay", 0.01))
    }
    trained, _ = compile_local_epochs(network)(
        [tf.constant(weight) for weight in start],
        [tf.constant(multiplier) for multiplier in multipliers],
        x=tf.constant(data.train_x),
        y=tf.constant(data.train_y),
        batches=tf.constant(batches),
        present=tf.constant(present),
        shifts=tf.constant(draw_shifts(len(batches), 1, np.random.default_rng(0))),
        **rates,
    )
    for before, after, mask in zip(start, trained, masks, strict=True):
        if mask is not None:
            assert not after.numpy()[~mask].any()
            assert (after.numpy()[mask] != before[mask]).mean() > 0.9


@pytest.mark.parametrize(("samples", "batch_size"), [(1, 4), (4, 4), (9, 4), (3, 16)])
def test_batches_show_every_sample_once_an_epoch(samples: int, batch_size: int) -> None:
    rows, present = draw_batches(samples, 3, batch_size, np.random.default_rng(0))
    assert rows.shape == present.shape == (3 * -(-samples // batch_size), batch_size)
    for epoch_rows, epoch_present in zip(np.split(rows, 3), np.split(present, 3), strict=True):
        assert sorted(epoch_rows[epoch_present == 1].tolist()) == list(range(samples))
        assert epoch_present.sum() == samples


def test_padding_does_not_change_the_result() -> None:
    """Five samples in one batch of five, or of eight with three of weight 0."""
    network, part = tiny_network(tiny_dense), np.arange(5)
    masks, weights = all_kept(network.specs), initial_weights(2, network.specs)
    exact, padded = (train(network, masks, weights, part, LocalWork(1, size, 0.1, 0.0)) for size in (5, 8))
    for a, b in zip(exact, padded, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def test_one_graph_serves_clients_of_every_size() -> None:
    network, data = tiny_network(tiny_dense), tiny_dataset()
    parts = tuple(np.arange(size) for size in (1, 7, 30))
    engine = LocalEngine(network, data, parts, SEED)
    masks = all_kept(network.specs)
    engine.agree((masks,) * 3)
    values = pack_values(initial_weights(0, network.specs), masks)
    assert [reply.samples for reply in engine.train(ClientTask(c, 1, values, WORK) for c in range(3))] == [1, 7, 30]
    assert engine._local_epochs.experimental_get_tracing_count() <= 2

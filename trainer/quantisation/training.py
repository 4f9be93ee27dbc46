"""Federated fine-tuning of a twin that rounds as int8 will, its masks untouched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.engines.batches import draw_batches
from trainer.engines.shifts import draw_shifts
from trainer.masks import apply_mask, apply_masks
from trainer.quantisation.twin import QuantisedTwin, Ranges
from trainer.seeds import Purpose, generator
from trainer.tensors import Float32, Int32, Masks, Role, TensorSpec, Weights

Samples = tuple[Float32, Int32]
"""One client's own x and y."""


@dataclass(frozen=True)
class FineTuning:
    """How a twin is trained.

    Attributes:
        specs: the network's tensors.
        masks: what stays zero.
        clients: the samples of each client that takes part, by its position.
        seed: of the run.
        first_round: what the first round is called where orders are drawn; those before it were of the float model.
        batch_size: samples in a batch.
        learning_rate: of SGD.
        momentum: of SGD; its velocity starts at zero for every client and round.
        weight_decay: of SGD; scales of normalisations do not decay, being frozen.
        shift: pixels that images are moved by at most.
    """

    specs: tuple[TensorSpec, ...]
    masks: Masks = field(repr=False)
    clients: dict[int, Samples] = field(repr=False)
    seed: int
    first_round: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    shift: int


def fine_tune(
    twin: QuantisedTwin, weights: Weights, plan: FineTuning, rounds: int, on_round: Callable[[int, float], None]
) -> tuple[Weights, Ranges]:
    """Rounds of one local epoch on every client and a mean weighted by samples.

    Each round begins with the clients measuring the ranges of activations on their own samples; the widest count.

    Args:
        twin: of the network.
        weights: of the float model, zero where masks drop them.
        plan: how to train.
        rounds: how often.
        on_round: is told the rounds done and the mean training loss.

    Returns:
        The trained weights, dropped ones exactly zero, and the ranges that go with them.

    Raises:
        RuntimeError: a dropped weight has changed.
    """
    step = _compile_step(twin, plan)
    for number in range(rounds):
        ranges = widest_ranges(twin, weights, plan)
        total = [np.zeros(spec.shape, np.float64) for spec in plan.specs]
        losses, samples = 0.0, 0
        for client, own in plan.clients.items():
            twin.set(weights, ranges)
            losses += len(own[1]) * _epoch(step, own, plan, generator(plan.seed, *_path(plan, number, client)))
            total = [so_far + len(own[1]) * one for so_far, one in zip(total, twin.weights, strict=True)]
            samples += len(own[1])
        weights = tuple((one / samples).astype(np.float32) for one in total)
        _check_zeros(weights, plan)
        weights = apply_masks(plan.specs, weights, plan.masks)
        on_round(number + 1, losses / samples)
    ranges = widest_ranges(twin, weights, plan)
    twin.set(weights, ranges)
    return weights, ranges


def widest_ranges(twin: QuantisedTwin, weights: Weights, plan: FineTuning) -> Ranges:
    """Over all clients: the smallest of the smallest values and the largest of the largest."""
    measured = np.stack([twin.measure(weights, x) for x, _ in plan.clients.values()])
    return np.stack([measured[..., 0].min(axis=0), measured[..., 1].max(axis=0)], axis=-1)


def _path(plan: FineTuning, number: int, client: int) -> tuple[Purpose, int, int]:
    return Purpose.SHUFFLE, plan.first_round + number, client


def _check_zeros(weights: Weights, plan: FineTuning) -> None:
    for spec, weight, mask in zip(plan.specs, weights, plan.masks, strict=True):
        if mask is not None and spec.prunable and np.any(weight[~mask]):
            raise RuntimeError(f"{spec.name}: quantisation-aware training has changed a dropped weight")


def _epoch(step: Callable[..., Any], own: Samples, plan: FineTuning, random: np.random.Generator) -> float:
    """One client's pass over its samples; gives the mean loss."""
    x, y = own
    batches, present = draw_batches(len(y), 1, plan.batch_size, random)
    shifts = draw_shifts(len(batches), plan.shift, random) if plan.shift else np.zeros((len(batches), 2), np.int32)
    total = 0.0
    for number, (rows, counts) in enumerate(zip(batches, present, strict=True)):
        loss = step(_moved(x[rows], shifts[number]), y[rows], counts / counts.sum(), number == 0)
        total += float(loss) * float(counts.sum())
    return total / len(y)


def _moved(x: Float32, shift: Int32) -> Float32:
    """Images (samples, height, width, channels) moved down and right; zeros come in from the edge."""
    moved = x
    for axis, pixels in zip((1, 2), shift, strict=True):
        source = np.arange(x.shape[axis]) - pixels
        inside = ((source >= 0) & (source < x.shape[axis])).reshape(-1, *(1,) * (3 - axis))
        moved = np.take(moved, source.clip(0, x.shape[axis] - 1), axis=axis) * inside.astype(np.float32)
    return moved


def _compile_step(twin: QuantisedTwin, plan: FineTuning) -> Callable[..., Any]:
    """SGD with momentum and weight decay on one batch; what masks drop gets no velocity."""
    import tensorflow as tf

    variables = [twin.variables[place] for place in twin.trained]
    keep = [apply_mask(np.ones(plan.specs[place].shape, np.float32), plan.masks[place]) for place in twin.trained]
    decays = [0.0 if plan.specs[place].role is Role.SCALE else plan.weight_decay for place in twin.trained]
    velocities = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    def step(x: Any, y: Any, share: Any, first: Any) -> Any:  # noqa: ANN401 - tensors
        with tf.GradientTape() as tape:
            logits = twin.model(x, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_sum(losses * share)
        gradients = tape.gradient(loss, variables)
        old = tf.where(first, 0.0, plan.momentum)
        for variable, gradient, velocity, mask, decay in zip(
            variables, gradients, velocities, keep, decays, strict=True
        ):
            velocity.assign(old * velocity + (gradient + decay * variable) * mask)
            variable.assign_sub(plan.learning_rate * velocity)
        return loss

    compiled = tf.function(step)
    return lambda x, y, share, first: compiled(*map(tf.constant, (x, y, share)), tf.constant(first))

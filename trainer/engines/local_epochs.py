"""A client's whole local training as one compiled graph."""

from collections.abc import Callable
from typing import Any

from trainer.engines.shifts import move_images
from trainer.models.network import Network

LocalEpochs = Callable[..., tuple[list[Any], Any]]


def compile_local_epochs(network: Network) -> LocalEpochs:
    """Compile SGD with momentum and weight decay over a client's batches.

    The graph is traced once and serves all clients: the number of batches is read from the input, short batches are
    padded with samples of weight 0. Gradients are multiplied by the masks, so a dropped weight, which starts at
    zero and gets no velocity, stays exactly zero.

    Returns:
        A function of weights, masks (float32, 1 or 0, like the weights) and, by keyword, x (samples, …), y
        (samples,), batches (int32 (steps, batch), positions in x), present (float32, like batches: 1, or 0 for
        padding), shifts (int32 (steps, 2), pixels down and right), learning_rate, momentum and weight_decay
        (float32 scalars). It gives the trained weights and the mean loss over all samples seen.
    """
    import tensorflow as tf

    def loss_of(weights: list[tf.Tensor], x: tf.Tensor, y: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, network.logits(weights, x))
        return tf.reduce_sum(losses * share)

    def local_epochs(weights: list[tf.Tensor], masks: list[tf.Tensor], **given: tf.Tensor) -> Any:  # noqa: ANN401
        def step(number: tf.Tensor, now: list[tf.Tensor], velocity: list[tf.Tensor], total: tf.Tensor) -> Any:  # noqa: ANN401
            rows, present = given["batches"][number], given["present"][number]
            count = tf.reduce_sum(present)
            with tf.GradientTape() as tape:
                tape.watch(now)
                x = move_images(tf.gather(given["x"], rows), given["shifts"][number])
                loss = loss_of(now, x, tf.gather(given["y"], rows), present / count)
            decayed = [g + given["weight_decay"] * w for g, w in zip(tape.gradient(loss, now), now, strict=True)]
            velocity = [given["momentum"] * v + d * m for v, d, m in zip(velocity, decayed, masks, strict=True)]
            now = [w - given["learning_rate"] * v for w, v in zip(now, velocity, strict=True)]
            return number + 1, now, velocity, total + loss * count

        start = (tf.constant(0), weights, [tf.zeros_like(weight) for weight in weights], tf.constant(0.0))
        steps = tf.shape(given["batches"])[0]
        _, trained, _, total = tf.while_loop(lambda number, *_: number < steps, step, start, parallel_iterations=1)
        return trained, total / tf.reduce_sum(given["present"])

    compiled: LocalEpochs = tf.function(local_epochs, reduce_retracing=True)
    return compiled

"""Accuracy and loss of a float model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.models.network import Network
from trainer.tensors import Float32, Int32, Weights


@dataclass(frozen=True)
class Evaluation:
    """How well a model does on a set of samples.

    Attributes:
        accuracy: share of samples whose largest logit is that of their class, 0 to 1.
        loss: mean cross-entropy in nats.
    """

    accuracy: float
    loss: float


Evaluator = Callable[[Weights], Evaluation]


def compile_evaluator(network: Network, x: Float32, y: Int32) -> Evaluator:
    """Compile the evaluation of weights on fixed samples."""
    import tensorflow as tf

    samples, labels = tf.constant(x), tf.constant(y)

    def logits_and_loss(weights: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        logits = network.logits(weights, samples)
        return logits, tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    forward = tf.function(logits_and_loss)

    def evaluate(weights: Weights) -> Evaluation:
        logits, loss = forward([tf.constant(weight) for weight in weights])
        return Evaluation(accuracy_of(logits.numpy(), y), float(loss))

    return evaluate


def accuracy_of(scores: npt.NDArray[np.floating | np.integer], labels: Int32) -> float:
    """Share of rows whose largest score, the first of equals, is at the label.

    Args:
        scores: (samples, classes), or any shape with as many elements.
        labels: int32 (samples,).
    """
    return float(np.mean(scores.reshape(len(labels), -1).argmax(axis=1) == labels))

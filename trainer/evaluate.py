"""Accuracy and loss of a float model."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.backends import Tensor, backend
from trainer.engines.threads import in_threads
from trainer.losses import cross_entropy
from trainer.models.network import Network
from trainer.tensors import Bool, Float32, Int32, Weights

CHUNK = 500
"""Samples that are evaluated at a time."""


@dataclass(frozen=True)
class Evaluation:
    """How well a model does on a set of samples.

    Attributes:
        correct: for each sample, whether the largest logit is that of its class.
        losses: cross-entropy of each sample, in nats.
    """

    correct: Bool
    losses: Float32

    @property
    def accuracy(self) -> float:
        """Share of the samples that are right, 0 to 1."""
        return float(np.mean(self.correct))

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return float(np.mean(self.losses))


Evaluator = Callable[[Weights], Evaluation]


def compile_evaluator(network: Network, x: Float32, y: Int32) -> Evaluator:
    """Compile the evaluation of weights on fixed samples."""
    from keras import ops

    def chunk(weights: list[Tensor], samples: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = network.logits(weights, samples)
        return ops.argmax(logits, axis=1), cross_entropy(logits, labels)

    compiled = backend().compile(chunk)
    parts = [
        (ops.convert_to_tensor(x[at : at + CHUNK]), ops.convert_to_tensor(y[at : at + CHUNK]))
        for at in range(0, len(x), CHUNK)
    ]

    def evaluate(weights: Weights) -> Evaluation:
        tensors = [ops.convert_to_tensor(weight) for weight in weights]
        rows = list(in_threads(lambda part: compiled(tensors, *part), parts, os.cpu_count() or 1))
        guesses = np.concatenate([ops.convert_to_numpy(guess) for guess, _ in rows])
        losses = np.concatenate([ops.convert_to_numpy(loss) for _, loss in rows])
        return Evaluation(guesses == y, losses.astype(np.float32))

    return evaluate


def accuracy_of(scores: npt.NDArray[np.floating | np.integer], labels: Int32) -> float:
    """Share of rows whose largest score, the first of equals, is at the label.

    Args:
        scores: (samples, classes), or any shape with as many elements.
        labels: int32 (samples,).
    """
    return float(np.mean(scores.reshape(len(labels), -1).argmax(axis=1) == labels))

"""SynFlow: keep the weights that carry the most synaptic flow; no data is needed.

H. Tanaka, D. Kunin, D. L. K. Yamins, S. Ganguli: "Pruning neural networks without any data by iteratively
conserving synaptic flow", NeurIPS 2020, arXiv 2006.05467. With every weight made positive, no bias and an input of
ones, R is the sum of the outputs, and the score of a weight is |dR/dw * w|. Pruning in 100 exponential steps keeps
the flow through every layer equal and so avoids layer collapse.
"""

import numpy as np

from trainer.models.network import Network, build_keras
from trainer.pruners.budgets import global_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Scores

ITERATIONS = 100


def prepare(network: Network) -> Scorer:
    """Compile the flow of ``network`` in float64: R is a product over layers, too large for float32 in deep models."""
    import tensorflow as tf

    model = build_keras(network.builder, network.input_shape, network.classes, "float64")
    ones = tf.ones((1, *network.input_shape), tf.float64)

    def flow(weights: list[tf.Tensor]) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, _ = model.stateless_call(weights, [], ones)
            total = tf.reduce_sum(outputs)
        gradients = tape.gradient(total, weights)
        return [tf.abs(weight * gradient) for weight, gradient in zip(weights, gradients, strict=True)]

    compiled = tf.function(flow)

    def score(context: ScoringContext) -> Scores:
        positive = [
            np.zeros(weight.shape) if mask is None else np.abs(weight).astype(np.float64)
            for weight, mask in zip(context.weights, context.masks, strict=True)
        ]
        flows = compiled([tf.constant(weight) for weight in positive])
        return tuple(None if mask is None else f.numpy() for f, mask in zip(flows, context.masks, strict=True))

    return score


SYNFLOW = Pruner(prepare, global_budget, ITERATIONS)

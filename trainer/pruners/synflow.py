"""SynFlow: keep the weights that carry the most synaptic flow; no data is needed.

H. Tanaka, D. Kunin, D. L. K. Yamins, S. Ganguli: "Pruning neural networks without any data by iteratively
conserving synaptic flow", NeurIPS 2020, arXiv 2006.05467. With every weight made positive, no bias and an input of
ones, R is the sum of the outputs, and the score of a weight is |dR/dw * w|. Pruning in 100 exponential steps keeps
the flow through every layer equal and so avoids layer collapse. Normalisations are passed through unchanged: they are
evaluated at their start, mean 0 and variance 1, as the authors' evaluation mode does.
"""

import numpy as np

from trainer.backends import Tensor, backend
from trainer.models.network import Network, build_keras
from trainer.pruners.budgets import global_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.pruners.whole_flow import score as whole_scores
from trainer.pruners.whole_flow import whole_flow
from trainer.tensors import Float64, Role, Scores, TensorSpec, Weights

ITERATIONS = 100


def prepare(network: Network) -> Scorer:
    """Scores on whole numbers where they are defined (docs/synflow.md), so that a board finds the same mask."""
    description = whole_flow(network)
    if description is None:
        return prepare_floats(network)

    def score(context: ScoringContext) -> Scores:
        return whole_scores(description, context.weights, context.weights if context.dense is None else context.dense)

    return score


def prepare_floats(network: Network) -> Scorer:
    """Compile the flow of ``network`` in float64: R is a product over layers, too large for float32 in deep models."""
    from keras import ops

    with backend().double_precision():
        model = build_keras(network.builder, network.input_shape, network.classes, "float64")
    ones = np.ones((1, *network.input_shape))
    count = network.trained

    def flow(weights: list[Tensor]) -> list[Tensor]:
        def total(trained: list[Tensor]) -> tuple[Tensor, None]:
            outputs, _ = model.stateless_call(trained, weights[count:], ops.convert_to_tensor(ones), training=False)
            return ops.sum(outputs), None

        _, gradients = backend().value_and_gradients(total, weights[:count])
        return [ops.abs(weight * gradient) for weight, gradient in zip(weights, gradients, strict=False)]

    compiled = backend().compile(flow)

    def score(context: ScoringContext) -> Scores:
        with backend().double_precision():
            flows = compiled([ops.convert_to_tensor(weight) for weight in _positive(network.specs, context.weights)])
            found = [ops.convert_to_numpy(one) for one in flows]
        return tuple(found[position] if spec.prunable else None for position, spec in enumerate(network.specs))

    return score


def _positive(specs: tuple[TensorSpec, ...], weights: Weights) -> list[Float64]:
    """Kernels without their signs, everything else at its start."""
    return [
        np.abs(weight).astype(np.float64)
        if spec.role in (Role.KERNEL, Role.DEPTHWISE)
        else np.full(spec.shape, spec.start)
        for spec, weight in zip(specs, weights, strict=True)
    ]


SYNFLOW = Pruner("synflow", prepare, global_budget, ITERATIONS)

"""NTK-SAP: keep the weights that the spectrum of the neural tangent kernel depends on most; no data is needed.

Y. Wang, D. Li, R. Sun: "NTK-SAP: Improving neural network pruning by aligning training dynamics", ICLR 2023,
arXiv 2304.02840. The nuclear norm of the kernel at fixed weights is the squared norm of the Jacobian, which is
approximated by R = E |f(x; w * m) - f(x; (w + d) * m)|^2 with a small random d; the score is |dR/dm|, m the mask. Every
iteration draws new inputs (Gaussian), new weights (He-normal) and a new d, so the mask depends on neither data nor
initial weights. Like the authors' code, the unperturbed network normalises the batch by its own statistics, and both
networks are then evaluated with these as constants.
"""

from collections.abc import Callable

import numpy as np

from trainer.backends import Tensor, backend
from trainer.models.network import Network
from trainer.pruners.budgets import global_budget
from trainer.pruners.pruner import Pruner, Scorer, ScoringContext
from trainer.tensors import Float32, Role, Scores, TensorSpec

STEPS = 20
"""More steps, and more inputs, give smoother scores for more time."""
INPUTS = 32
PERTURBATION = 0.01
"""Standard deviation of d."""


def prepare(network: Network) -> Scorer:
    """Compile |dR/dm| of ``network``."""
    from keras import ops

    compiled = backend().compile(_sensitivity(network))

    def score(context: ScoringContext) -> Scores:
        random, specs = context.random, context.network.specs
        weights = [ops.convert_to_tensor(_redraw(spec, random)) for spec in specs]
        moved = [ops.convert_to_tensor(_normal(random, spec.shape, PERTURBATION)) for spec in specs if spec.prunable]
        kept = [mask for spec, mask in zip(specs, context.masks, strict=True) if spec.prunable and mask is not None]
        masks = [ops.convert_to_tensor(mask.astype(np.float32)) for mask in kept]
        x = ops.convert_to_tensor(_normal(random, (INPUTS, *network.input_shape), 1.0))
        found = iter([ops.convert_to_numpy(one).astype(np.float64) for one in compiled(masks, weights, moved, x)])
        return tuple(next(found) if spec.prunable else None for spec in specs)

    return score


def _sensitivity(network: Network) -> Callable[..., list[Tensor]]:
    from keras import ops

    count, momenta = network.trained, _momenta(network)
    places = [position for position, spec in enumerate(network.specs) if spec.prunable]

    def masked(weights: list[Tensor], kernels: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
        everything = list(weights)
        for place, kernel, mask in zip(places, kernels, masks, strict=True):
            everything[place] = kernel * mask
        return everything

    def sensitivity(masks: list[Tensor], weights: list[Tensor], moved: list[Tensor], x: Tensor) -> list[Tensor]:
        kernels = [weights[place] for place in places]
        others = [kernel + way for kernel, way in zip(kernels, moved, strict=True)]
        blank = [ops.zeros_like(weight) for weight in weights[count:]]
        _, after = network.forward([*masked(weights, kernels, masks)[:count], *blank], x)
        fixed = [*weights[:count], *(new / (1 - momentum) for new, momentum in zip(after, momenta, strict=True))]

        def change(at: list[Tensor]) -> tuple[Tensor, None]:
            here, there = (network.logits(masked(fixed, one, at), x) for one in (kernels, others))
            return ops.mean(ops.sum(ops.square(here - there), axis=-1)), None

        return [ops.abs(slope) for slope in backend().value_and_gradients(change, masks)[1]]

    return sensitivity


def _momenta(network: Network) -> list[float]:
    """How much of each running statistic stays in a step: what a step makes of 1 is so much more than of 0."""
    x = np.zeros((1, *network.input_shape), np.float32)
    trained = [np.full(spec.shape, spec.start, np.float32) for spec in network.specs if spec.trained]
    ends = [
        network.forward([*trained, *(np.full(spec.shape, start, np.float32) for spec in _statistics(network))], x)[1]
        for start in (0.0, 1.0)
    ]
    return [float(np.asarray(one).flat[0] - np.asarray(zero).flat[0]) for zero, one in zip(*ends, strict=True)]


def _statistics(network: Network) -> list[TensorSpec]:
    return [spec for spec in network.specs if not spec.trained]


def _redraw(spec: TensorSpec, random: np.random.Generator) -> Float32:
    if spec.role in (Role.KERNEL, Role.DEPTHWISE):
        return _normal(random, spec.shape, np.sqrt(2 / spec.fan_in))
    return np.full(spec.shape, spec.start, np.float32)


def _normal(random: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Float32:
    return random.standard_normal(shape, np.float32) * np.float32(deviation)


NTK_SAP = Pruner("ntk-sap", prepare, global_budget, STEPS)

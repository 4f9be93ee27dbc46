"""Running statistics of normalisations, measured anew on given samples.

E. Diao, J. Ding, V. Tarokh: "HeteroFL", ICLR 2021, arXiv 2010.01264 (static batch normalisation: no running statistics
travel, they are measured afterwards); X. Li et al.: "FedBN", ICLR 2021, arXiv 2102.07623 (normalisations stay local).
Where clients train unlike subnetworks, a mean of their running statistics fits none of them.
"""

from collections.abc import Callable

import numpy as np

from trainer.backends import Tensor, backend
from trainer.models.network import Network
from trainer.tensors import Float32, Masks, Role, TensorSpec, Weights

MOST_SAMPLES = 1024
"""Samples that statistics are measured on at most, in one batch."""

Measure = Callable[[Weights, Float32], Weights]


def private_statistics(specs: tuple[TensorSpec, ...], masks: Masks) -> Masks:
    """Masks under which no running statistic travels; each client measures its own."""
    return tuple(
        mask if spec.trained else np.zeros(spec.shape, np.bool_) for spec, mask in zip(specs, masks, strict=True)
    )


def are_private(specs: tuple[TensorSpec, ...], masks: Masks) -> bool:
    """Whether :func:`private_statistics` made these masks, and there is something to measure."""
    statistics = [mask for spec, mask in zip(specs, masks, strict=True) if not spec.trained]
    return bool(statistics) and all(mask is not None and not mask.any() for mask in statistics)


def compile_statistics(network: Network) -> Measure:
    """Compile a pass over samples that gives the weights with the statistics of just these samples."""
    from keras import ops

    momenta = _momenta(network)
    count = network.trained

    def measure(weights: list[Tensor], x: Tensor) -> list[Tensor]:
        # From zero, one update of a running statistic is (1 - momentum) times the statistic of the batch.
        _, updated = network.forward([*weights[:count], *(ops.zeros_like(w) for w in weights[count:])], x)
        return [new / (1 - momentum) for new, momentum in zip(updated, momenta, strict=True)]

    compiled = backend().compile(measure)

    def statistics(weights: Weights, x: Float32) -> Weights:
        found = compiled([ops.convert_to_tensor(weight) for weight in weights], ops.convert_to_tensor(x[:MOST_SAMPLES]))
        return (*weights[:count], *(ops.convert_to_numpy(one) for one in found))

    return statistics


def _momenta(network: Network) -> list[float]:
    """Of the normalisation that each running statistic belongs to, in the order of the specs."""
    owner = {}
    for layer in network.model.layers:
        for variable in layer.non_trainable_variables:
            owner[variable.path] = float(layer.momentum)
    roles = (Role.MEAN, Role.VARIANCE)
    return [owner[spec.name] for spec in network.specs if spec.role in roles]

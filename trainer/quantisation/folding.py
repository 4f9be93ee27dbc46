"""Where an operator's output is in the float network, after what a converter folds into the operator.

A converter multiplies a convolution's kernel by the normalisation that follows it, and fuses the ReLU after that
(B. Jacob et al.: "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR
2018, arXiv 1712.05877, sections 3.2 and 2.4).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firmware_gen.graph import Activation
from trainer.models.network import Network
from trainer.tensors import Float32, Weights

_RECTIFIERS = ("relu", "relu6")


@dataclass(frozen=True)
class Folded:
    """One kernel's operator in the float network.

    Attributes:
        factors: what the normalisation multiplies each output channel of the kernel by, float32 (out,).
        linear: symbolic output without a fused activation; None where the network has no such tensor.
        rectified: symbolic output after a ReLU; None likewise.
    """

    factors: Float32 = field(repr=False)
    linear: Any = field(repr=False)
    rectified: Any = field(repr=False)

    def output(self, activation: Activation) -> Any:  # noqa: ANN401 - a symbolic tensor
        """What an operator with this fused activation computes; None if unknown."""
        return self.linear if activation is Activation.NONE else self.rectified


def fold(network: Network, weights: Weights, position: int) -> Folded | None:
    """Follow the kernel at ``position`` of the network's tensors; None for a layer that the network does not list."""
    variables = [*network.model.trainable_variables, *network.model.non_trainable_variables]
    places = {id(variable): place for place, variable in enumerate(variables)}
    owners = [layer for layer in network.model.layers if any(one is variables[position] for one in layer.weights)]
    if not owners:
        return None
    layer = owners[0]
    factors = np.ones(network.specs[position].shape[-1], np.float32)
    if (activation := _activation(layer)) != "linear":
        return Folded(factors, None, layer.output if activation in _RECTIFIERS else None)
    follower = _only_consumer(layer)
    if type(follower).__name__ == "BatchNormalization":
        layer, factors = follower, _factors(follower, weights, places)
        follower = _only_consumer(layer)
    rectified = follower is not None and _rectifies(follower)
    return Folded(factors, layer.output, follower.output if rectified else None)


def _only_consumer(layer: Any) -> Any:  # noqa: ANN401 - Keras layers
    nodes = layer._outbound_nodes
    return nodes[0].operation if len(nodes) == 1 else None


def _activation(layer: Any) -> str:  # noqa: ANN401
    return getattr(getattr(layer, "activation", None), "__name__", "linear")


def _rectifies(layer: Any) -> bool:  # noqa: ANN401
    if type(layer).__name__ == "ReLU":
        return bool(layer.negative_slope == 0 and layer.threshold == 0)
    return type(layer).__name__ == "Activation" and _activation(layer) in _RECTIFIERS


def _factors(layer: Any, weights: Weights, places: dict[int, int]) -> Float32:  # noqa: ANN401
    variance = weights[places[id(layer.moving_variance)]].astype(np.float64)
    scale = weights[places[id(layer.gamma)]] if layer.scale else np.float32(1)
    factors: Float32 = (scale / np.sqrt(variance + layer.epsilon)).astype(np.float32)
    return factors

"""Multiply-accumulates of one sample, exact: kept weights times the positions at which each is used."""

from math import prod
from typing import Any

import numpy as np

from host_bridge.errors import UserError
from trainer.models.network import Network
from trainer.tensors import Masks, Role

_COUNTED = ("Conv2D", "DepthwiseConv2D", "Dense")

Macs = tuple[int | None, ...]
"""For each tensor of a network its multiply-accumulates per sample, or None where it is a vector."""


def macs(network: Network) -> Macs:
    """Multiply-accumulates of the dense network, depthwise kernels included, padding counted as everyone does.

    Raises:
        UserError: a kernel belongs to a layer of another kind than Conv2D, DepthwiseConv2D and Dense; names it.
    """
    return tuple(
        None if positions is None else positions * spec.size
        for spec, positions in zip(network.specs, _positions(network), strict=True)
    )


def kept_macs(network: Network, masks: Masks) -> Macs:
    """Multiply-accumulates of the weights that the masks keep; None keeps all.

    Raises:
        UserError: as :func:`macs`.
    """
    rows = zip(network.specs, masks, _positions(network), strict=True)
    return tuple(
        None if positions is None else positions * (spec.size if mask is None else int(np.count_nonzero(mask)))
        for spec, mask, positions in rows
    )


def total_macs(counts: Macs) -> int:
    """The sum over all tensors."""
    return sum(count for count in counts if count is not None)


def _positions(network: Network) -> tuple[int | None, ...]:
    """For each kernel how many output positions use each of its weights."""
    owners = {id(weight): layer for layer in network.model.layers for weight in layer.weights}
    variables = [*network.model.trainable_variables, *network.model.non_trainable_variables]
    return tuple(
        _output_positions(owners[id(variable)]) if spec.role in (Role.KERNEL, Role.DEPTHWISE) else None
        for spec, variable in zip(network.specs, variables, strict=True)
    )


def _output_positions(layer: Any) -> int:  # noqa: ANN401 - a Keras layer
    if not any(base.__name__ in _COUNTED for base in type(layer).__mro__) or getattr(layer, "groups", 1) != 1:
        raise UserError(f"layer {layer.name}: multiplications of {type(layer).__name__} cannot be counted; use Conv2D")
    if len(layer._inbound_nodes) != 1:
        raise UserError(f"layer {layer.name} is called more than once, which cannot be counted; make a layer per call")
    return prod(layer.output.shape[1:-1])

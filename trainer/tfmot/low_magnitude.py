"""Masks by TFMOT's ``prune_low_magnitude``: its schedule and its threshold decide, on a Keras 2 twin of the network."""

from typing import Any

import numpy as np

from host_bridge.errors import UserError
from trainer.models.network import Network
from trainer.quiet import quiet_output
from trainer.tensors import Masks, Weights
from trainer.tfmot import import_tfmot


class LowMagnitude:
    """A twin whose layers TFMOT has wrapped; weights go in, masks come out.

    Args:
        network: the model.
        sparsity: what the schedule ends at, for every tensor alike.
        end: step at which it is reached, by ``PolynomialDecay`` from 0 at step 0.
        frequency: steps between changes; divides ``end``.

    Raises:
        UserError: TFMOT cannot wrap a layer of the model, or the twin has other kernels than the network.
    """

    def __init__(self, network: Network, sparsity: float, *, end: int, frequency: int) -> None:
        with quiet_output():
            tfmot, tf_keras = import_tfmot()
            pruning = tfmot.sparsity.keras
            schedule = pruning.PolynomialDecay(0.0, sparsity, begin_step=0, end_step=end, frequency=frequency)
            twin = tf_keras.Model(*network.builder(tf_keras.layers, network.input_shape, network.classes))
            try:
                wrapped = pruning.prune_low_magnitude(twin, pruning_schedule=schedule)
            except ValueError as error:
                raise UserError(
                    f"prune_low_magnitude does not know a layer of the model ({str(error).splitlines()[0]}); "
                    "use another --method"
                ) from None
        self._network = network
        self._layers = _match(network, [layer for layer in wrapped.layers if getattr(layer, "pruning_vars", None)])

    def masks(self, weights: Weights, step: int) -> Masks:
        """The masks after training step ``step``; they stay as they were where the schedule says so.

        Args:
            weights: what is judged by magnitude.
            step: from 1.
        """
        masks: list[Any] = [None] * len(self._network.specs)
        for position, layer in self._layers.items():
            kernel, mask, _ = layer.pruning_vars[0]
            kernel.assign(weights[position])
            layer.pruning_step.assign(step)
            layer.pruning_obj.conditional_mask_update()
            masks[position] = mask.numpy().astype(np.bool_)
        return tuple(masks)


def _match(network: Network, layers: list[Any]) -> dict[int, Any]:
    """For each prunable tensor the wrapped layer of its name, or, where names are made up, in the same place."""
    positions = [position for position, spec in enumerate(network.specs) if spec.prunable]
    named = {f"{layer.layer.name}/kernel": layer for layer in layers}
    names = [network.specs[position].name for position in positions]
    chosen = [named[name] for name in names] if set(named) == set(names) else layers
    shapes = [tuple(layer.pruning_vars[0][0].shape) for layer in chosen]
    if shapes != [network.specs[position].shape for position in positions]:
        raise UserError("the model has other kernels in tf_keras than in Keras; give each of its layers a name")
    return dict(zip(positions, chosen, strict=True))

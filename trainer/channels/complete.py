"""Masks for what belongs to a channel beside its kernel: bias, normalisation and running statistics."""

import numpy as np

from trainer.channels.liveness import live_channels
from trainer.models.network import Network
from trainer.tensors import Bool, Masks, TensorSpec


def complete_masks(network: Network, masks: Masks) -> Masks:
    """Drop what belongs to dead channels.

    A dead channel then is zero for every input, and removing it changes nothing
    (:mod:`trainer.channels.compact`). Of depthwise kernels the windows of dead channels are dropped too. Completing
    twice is completing once.

    Args:
        network: the model; if it cannot be analysed, the masks stay as they are.
        masks: of its kernels. Masks of other tensors stay, and may lose more.

    Returns:
        The kernels' masks as they were, and for every other tensor a mask, or None where all of it is kept.
    """
    units = live_channels(network, masks).units
    return tuple(
        mask if spec.prunable else _complete(spec, mask, live)
        for spec, mask, live in zip(network.specs, masks, units, strict=True)
    )


def _complete(spec: TensorSpec, mask: Bool | None, live: Bool) -> Bool | None:
    if live.all():
        return mask
    # The last axes of the tensor are its output channels: (channels,), or (channels, multiplier) of a depthwise kernel.
    axes = 2 if len(spec.shape) > 1 else 1
    kept = np.broadcast_to(live.reshape(spec.shape[-axes:]), spec.shape).copy()
    return kept if mask is None else kept & mask

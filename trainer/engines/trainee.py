"""What clients of one mask train: the network, or the smaller one that its mask leaves."""

from dataclasses import dataclass, field

import numpy as np

from host_bridge.errors import UserError
from trainer.backends import Tensor
from trainer.channels import Compaction, compact
from trainer.engines.local_epochs import LocalEpochs, compile_local_epochs
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.tensors import Masks, Weights


@dataclass(frozen=True)
class Trainee:
    """A network under one mask, ready to be trained.

    Attributes:
        masks: of the full network.
        fingerprint: of ``masks``.
        multipliers: the masks of what is trained, float32 tensors of 1 and 0.
        local_epochs: compiled training of what is trained.
        compaction: how what is trained lies in the full network; None if it is the full network.
    """

    masks: Masks = field(repr=False)
    fingerprint: int
    multipliers: list[Tensor] = field(repr=False)
    local_epochs: LocalEpochs = field(repr=False)
    compaction: Compaction | None

    def take(self, weights: Weights) -> Weights:
        """The part of the full network's weights that is trained."""
        return weights if self.compaction is None else self.compaction.take(weights)

    def put(self, trained: Weights, weights: Weights) -> Weights:
        """The full network's weights after training."""
        return trained if self.compaction is None else self.compaction.put(trained, weights)


def make_trainee(network: Network, masks: Masks, whole: LocalEpochs, *, compaction: bool) -> Trainee:
    """Prepare training under a mask.

    Args:
        network: the full network.
        masks: of the full network.
        whole: compiled training of the full network, for masks that leave no channel dead.
        compaction: whether to train without dead channels.
    """
    found = _compacted(network, masks) if compaction else None
    if found is None:
        return Trainee(masks, fingerprint(masks), _multipliers(network, masks), whole, None)
    smaller = found.network
    epochs = compile_local_epochs(smaller)
    return Trainee(masks, fingerprint(masks), _multipliers(smaller, found.masks), epochs, found)


def _compacted(network: Network, masks: Masks) -> Compaction | None:
    """The smaller network, or None if nothing can be removed or the network has layers that cannot be followed."""
    try:
        found = compact(network, masks)
    except UserError:
        return None
    return None if found.network.specs == network.specs else found


def _multipliers(network: Network, masks: Masks) -> list[Tensor]:
    """Float32 tensors of 1 and 0 in the shape of the weights."""
    from keras import ops

    rows = zip(masks, network.specs, strict=True)
    return [
        ops.convert_to_tensor(np.ones(spec.shape, np.float32) if mask is None else mask.astype(np.float32))
        for mask, spec in rows
    ]

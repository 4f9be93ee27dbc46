"""What clients of one mask train: the network, or the smaller one that its mask leaves."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from host_bridge.errors import UserError
from trainer.backends import Tensor
from trainer.channels import Compaction, compact
from trainer.engines.execution import Execution, choose_execution
from trainer.engines.local_epochs import LocalEpochs, compile_local_epochs, flatten, unflatten
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.tensors import Float32, Masks, Weights


@dataclass(frozen=True)
class Trainee:
    """A network under one mask, ready to be trained.

    Attributes:
        masks: of the full network.
        fingerprint: of ``masks``.
        multipliers: the masks of what is trained, one float32 tensor of 1 and 0.
        local_epochs: compiled training of what is trained.
        network: what is trained.
        compaction: how what is trained lies in the full network; None if it is the full network.
        threads: clients of this mask that are trained at the same time.
    """

    masks: Masks = field(repr=False)
    fingerprint: int
    multipliers: Tensor = field(repr=False)
    local_epochs: LocalEpochs = field(repr=False)
    network: Network = field(repr=False)
    compaction: Compaction | None
    threads: int

    def take(self, weights: Weights) -> Float32:
        """The part of the full network's weights that is trained, flat."""
        return flatten(weights if self.compaction is None else self.compaction.take(weights))

    def put(self, flat: Float32, weights: Weights) -> Weights:
        """The full network's weights after training."""
        trained = unflatten(self.network, flat)
        return trained if self.compaction is None else self.compaction.put(trained, weights)


@dataclass(frozen=True)
class Workshop:
    """What makes trainees; masks that leave no channel dead share one graph.

    Args:
        network: the full network.
        execution: how to train, one of :data:`trainer.engines.execution.EXECUTIONS`.
        threads: clients at the same time; None for what fits the execution.
    """

    network: Network
    execution: str
    threads: int | None

    def trainee(self, masks: Masks, *, compaction: bool, brief: bool) -> Trainee:
        """Prepare training under a mask.

        Args:
            masks: of the full network.
            compaction: whether to train without dead channels.
            brief: whether a smaller network is one of many or soon replaced, so that compiling it must be cheap.
        """
        found = _compacted(self.network, masks) if compaction else None
        if found is None:
            epochs, execution = self._whole
            trained, kept = self.network, masks
        else:
            trained, kept = found.network, found.masks
            epochs, execution = self._compile(
                trained, "graph" if brief and self.execution == "auto" else self.execution
            )
        return Trainee(
            masks, fingerprint(masks), _multipliers(trained, kept), epochs, trained, found, execution.threads
        )

    @cached_property
    def _whole(self) -> tuple[LocalEpochs, Execution]:
        return self._compile(self.network, self.execution)

    def _compile(self, network: Network, execution: str) -> tuple[LocalEpochs, Execution]:
        chosen = choose_execution(network, execution, self.threads)
        return compile_local_epochs(chosen.network, xla=chosen.xla), chosen


def _compacted(network: Network, masks: Masks) -> Compaction | None:
    """The smaller network, or None if nothing can be removed or the network has layers that cannot be followed."""
    try:
        found = compact(network, masks)
    except UserError:
        return None
    return None if found.network.specs == network.specs else found


def _multipliers(network: Network, masks: Masks) -> Tensor:
    """Float32 (elements,) of 1 and 0."""
    from keras import ops

    rows = zip(masks, network.specs, strict=True)
    ones = [np.ones(spec.shape, np.float32) if mask is None else mask.astype(np.float32) for mask, spec in rows]
    return ops.convert_to_tensor(flatten(ones))

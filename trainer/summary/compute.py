"""How much a sample costs each client, for the summary."""

from math import prod

import numpy as np

from host_bridge.errors import UserError
from trainer.channels import kept_macs, macs, total_macs
from trainer.channels.cost import Macs
from trainer.models.network import Network
from trainer.summary.document import ComputeSummary
from trainer.tensors import Bool, Masks, TensorSpec


def compute_summary(full: Network, network: Network, masks: tuple[Masks, ...]) -> ComputeSummary | None:
    """Count multiply-accumulates, dense and under each client's masks; None where they cannot be counted.

    Args:
        full: the model before anything was removed.
        network: what clients train.
        masks: for each client its masks; shared ones are counted once.
    """
    try:
        whole, dense = total_macs(macs(full)), macs(network)
    except UserError:
        return None
    distinct = {id(mask): mask for mask in masks}
    kept = {key: total_macs(kept_macs(network, mask)) for key, mask in distinct.items()}
    live = {key: _live_macs(network, dense, mask) for key, mask in distinct.items()}
    return ComputeSummary(
        dense_macs=whole,
        kept_macs=tuple(kept[id(mask)] for mask in masks),
        live_macs=tuple(live[id(mask)] for mask in masks),
    )


def _live_macs(network: Network, dense: Macs, masks: Masks) -> int:
    rows = zip(network.specs, dense, masks, strict=True)
    return sum(count // spec.size * _block(spec, mask) for spec, count, mask in rows if count is not None)


def _block(spec: TensorSpec, mask: Bool | None) -> int:
    """Weights of the dense kernel that is left once channels with no kept weight at all are cut out."""
    if mask is None:
        return spec.size
    channels = np.any(mask, axis=tuple(range(mask.ndim - 2)))  # (in, out), or (in, multiplier) of a depthwise kernel
    return prod(spec.shape[:-2]) * int(np.any(channels, axis=1).sum()) * int(np.any(channels, axis=0).sum())

"""Label shards: every client holds a few runs of samples that were sorted by label, so only a few classes.

H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas: "Communication-Efficient Learning of Deep Networks
from Decentralized Data", 2017, arXiv 1602.05629 (its pathological non-IID split).
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.partitions.partition import Partition, PartitionRequest


def partition_shards(request: PartitionRequest) -> Partition:
    """Sort by label, cut into clients times shards pieces whose sizes differ by at most one, and deal them.

    Raises:
        UserError: there are more pieces than samples.
    """
    samples, pieces = len(request.labels), request.clients * request.shards
    if pieces > samples:
        raise UserError(
            f"{request.clients} clients with {request.shards} shards each need {pieces} samples, the training set has "
            f"{samples}; use fewer --clients or smaller --shards"
        )
    shuffled = request.random.permutation(samples)
    by_label = shuffled[np.argsort(request.labels[shuffled], kind="stable")]
    shards = np.array_split(by_label, pieces)
    hands = request.random.permutation(pieces).reshape(request.clients, request.shards)
    return tuple(np.sort(np.concatenate([shards[shard] for shard in hand])) for hand in hands)

"""Every client draws from the same distribution."""

import numpy as np

from trainer.partitions.partition import Partition, PartitionRequest


def partition_iid(request: PartitionRequest) -> Partition:
    """Shuffle, then deal: sizes differ by at most one sample."""
    shuffled = request.random.permutation(len(request.labels))
    return tuple(np.sort(part) for part in np.array_split(shuffled, request.clients))

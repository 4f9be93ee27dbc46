"""Label skew: each class is spread over the clients by its own draw from a Dirichlet distribution.

T.-M. H. Hsu, H. Qi, M. Brown: "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
Classification", 2019, arXiv 1909.06335.
"""

import numpy as np

from trainer.partitions.partition import Indices, Partition, PartitionRequest

ATTEMPTS = 200


def partition_dirichlet(request: PartitionRequest) -> Partition:
    """Draw until every client has enough samples; the best draw of all if none has."""
    best = _draw(request)
    for _ in range(ATTEMPTS):
        if _smallest(best) >= request.smallest:
            break
        best = max(best, _draw(request), key=_smallest)
    return best


def _smallest(partition: Partition) -> int:
    return min(len(indices) for indices in partition)


def _draw(request: PartitionRequest) -> Partition:
    """One spread of every class; cuts are rounded down, so no sample is lost or doubled."""
    shares: list[list[Indices]] = [[] for _ in range(request.clients)]
    for label in np.unique(request.labels):
        members = request.random.permutation(np.flatnonzero(request.labels == label))
        proportions = request.random.dirichlet(np.full(request.clients, request.alpha))
        cuts = (np.cumsum(proportions)[:-1] * len(members)).astype(np.int64)
        for share, part in zip(shares, np.split(members, cuts), strict=True):
            share.append(part)
    return tuple(np.sort(np.concatenate(share)) for share in shares)

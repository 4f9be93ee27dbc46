"""The way the data arose: a client is a person, or a few, as the dataset says who produced each sample.

For such partitions see S. Caldas et al.: "LEAF: A Benchmark for Federated Settings", 2018, arXiv 1812.01097.
"""

import numpy as np

from host_bridge.errors import UserError
from trainer.partitions.partition import Indices, Partition, PartitionRequest


def partition_natural(request: PartitionRequest) -> Partition:
    """As many clients as people: client 0 is the one with the smallest number. Fewer: whole people are dealt.

    They are dealt in random order, each to the client that holds the fewest samples so far.

    Raises:
        UserError: the dataset does not know its people, or has fewer than clients.
    """
    if request.groups is None:
        raise UserError(
            "partition natural needs to know who produced each sample, and this dataset does not; "
            "use uci_har, speech_commands or your own .npz with subject_train, or another --partition"
        )
    people = np.unique(request.groups)
    if request.clients > len(people):
        raise UserError(
            f"clients = {request.clients} is more than the {len(people)} people in the training set, and partition "
            f"natural splits nobody; use --clients {len(people)} or fewer, or another --partition"
        )
    members = [np.flatnonzero(request.groups == person) for person in people]
    return tuple(members) if request.clients == len(people) else _deal(members, request)


def _deal(members: list[Indices], request: PartitionRequest) -> Partition:
    hands: list[list[Indices]] = [[] for _ in range(request.clients)]
    held = np.zeros(request.clients, np.int64)
    for person in request.random.permutation(len(members)):
        client = int(np.argmin(held))
        hands[client].append(members[person])
        held[client] += len(members[person])
    return tuple(np.sort(np.concatenate(hand)) for hand in hands)

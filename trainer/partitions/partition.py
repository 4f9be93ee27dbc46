"""What a partition is: which client holds which training samples."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_bridge.errors import UserError
from trainer.tensors import Int32

Indices = npt.NDArray[np.int64]
Partition = tuple[Indices, ...]
"""For each client, the positions of its samples in the training set, ascending."""

_FEWER_CLIENTS = "use fewer --clients"


@dataclass(frozen=True)
class PartitionRequest:
    """What a partition is made from.

    Attributes:
        labels: int32 (samples,), class of each training sample.
        clients: number of clients, at most the number of samples.
        alpha: concentration of the Dirichlet distribution; small is uneven.
        smallest: samples every client should get; partitions that draw again try to.
        random: the only source of chance.
        groups: int32 (samples,), who produced each training sample; None where the dataset does not say.
        shards: label shards per client.
    """

    labels: Int32
    clients: int
    alpha: float
    smallest: int
    random: np.random.Generator
    groups: Int32 | None = None
    shards: int = 2


@dataclass(frozen=True)
class Partitioner:
    """A way to spread samples over clients.

    Attributes:
        split: spreads them; every sample goes to exactly one client.
        remedy: what a user can change when a client is left without samples.
    """

    split: Callable[[PartitionRequest], Partition]
    remedy: str = _FEWER_CLIENTS

    def __call__(self, request: PartitionRequest) -> Partition:
        """Spread the samples; every client holds at least one.

        Raises:
            UserError: a client would hold none, or the request does not fit this way.
        """
        return check_smallest(self.split(request), 1, self.remedy)


def check_clients(samples: int, clients: int, dataset: str) -> None:
    """Refuse more clients than samples.

    Raises:
        UserError: there are too many clients.
    """
    if clients > samples:
        raise UserError(
            f"clients = {clients} is more than the {samples} training samples of {dataset}; "
            f"use --clients {samples} or fewer"
        )


def check_smallest(partition: Partition, smallest: int, remedy: str = _FEWER_CLIENTS) -> Partition:
    """Return the partition.

    Raises:
        UserError: a client holds fewer than ``smallest`` samples; says what to change.
    """
    for client, indices in enumerate(partition):
        if len(indices) < smallest:
            raise UserError(
                f"client {client} would get {len(indices)} training samples, fewer than {smallest}; {remedy}"
            )
    return partition

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


@dataclass(frozen=True)
class PartitionRequest:
    """What a partition is made from.

    Attributes:
        labels: int32 (samples,), class of each training sample.
        clients: number of clients, at most the number of samples.
        alpha: concentration of the Dirichlet distribution; small is uneven.
        smallest: samples every client must get.
        random: the only source of chance.
    """

    labels: Int32
    clients: int
    alpha: float
    smallest: int
    random: np.random.Generator


Partitioner = Callable[[PartitionRequest], Partition]


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


def check_smallest(partition: Partition, smallest: int) -> Partition:
    """Return the partition.

    Raises:
        UserError: a client holds fewer than ``smallest`` samples.
    """
    for client, indices in enumerate(partition):
        if len(indices) < smallest:
            raise UserError(
                f"client {client} would get {len(indices)} training samples, fewer than {smallest}; "
                "use fewer --clients or a larger --alpha"
            )
    return partition

"""How training samples are spread over clients, by name."""

from trainer.partitions.dirichlet import partition_dirichlet
from trainer.partitions.iid import partition_iid
from trainer.partitions.local_test import local_test_indices
from trainer.partitions.natural import partition_natural
from trainer.partitions.partition import Partition, Partitioner, PartitionRequest, check_clients, check_smallest
from trainer.partitions.shards import partition_shards
from trainer.registry import Registry

PARTITIONS: Registry[Partitioner] = Registry(
    "partition",
    {
        "dirichlet": Partitioner(partition_dirichlet, "use fewer --clients or a larger --alpha"),
        "iid": Partitioner(partition_iid),
        "natural": Partitioner(partition_natural),
        "shards": Partitioner(partition_shards, "use fewer --clients or smaller --shards"),
    },
)

__all__ = [
    "PARTITIONS",
    "Partition",
    "PartitionRequest",
    "Partitioner",
    "check_clients",
    "check_smallest",
    "local_test_indices",
]

"""How training samples are spread over clients, by name."""

from trainer.partitions.dirichlet import partition_dirichlet
from trainer.partitions.iid import partition_iid
from trainer.partitions.partition import Partition, Partitioner, PartitionRequest, check_clients, check_smallest
from trainer.registry import Registry

PARTITIONS: Registry[Partitioner] = Registry("partition", {"dirichlet": partition_dirichlet, "iid": partition_iid})

__all__ = ["PARTITIONS", "Partition", "PartitionRequest", "Partitioner", "check_clients", "check_smallest"]

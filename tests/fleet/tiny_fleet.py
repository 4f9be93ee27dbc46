"""The tiny federation of tests/trainer, with boards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from tiny_federation import CLIENTS, begin, tiny_dataset, tiny_network

from host_bridge.monitor.status import FleetStatus
from trainer.algorithms import ServerState
from trainer.config import make_config
from trainer.datasets import Dataset
from trainer.engines.fleet import FleetEngine
from trainer.engines.local import LocalEngine
from trainer.fleet.assembly import Assembled, FleetPlan, assemble
from trainer.fleet.planning import plan_fleet
from trainer.models.network import Network
from trainer.partitions import PARTITIONS, Partition, PartitionRequest
from trainer.tensors import Masks

SEED = 0


def partition_of(data: Dataset) -> Partition:
    request = PartitionRequest(data.train_y, CLIENTS, 1.0, 5, np.random.default_rng(0))
    return PARTITIONS.get("dirichlet")(request)


def plan_of(network: Network, data: Dataset, devices: str, **given: Any) -> FleetPlan:
    options = {"clients": CLIENTS, "local_epochs": 3, "batch_size": 4, "sparsity": 0.5, "shift": 1, "board": "none"}
    config = make_config({**options, "devices": devices, "device_seconds": 60.0, **given})
    plan = plan_fleet(config, network, data, "synflow")
    assert isinstance(plan, FleetPlan)
    return replace(plan, limits=replace(plan.limits, repeat=0.3))


class TinyFleet:
    """A network, its clients' samples, and engines over them."""

    def __init__(self) -> None:
        self.network = tiny_network()
        self.data = tiny_dataset()
        self.partition = partition_of(self.data)
        self.status: list[FleetStatus] = []
        self._local = LocalEngine(
            self.network, self.data, self.partition, SEED, compaction=False, execution="graph", threads=1
        )

    def state(self) -> ServerState:
        return begin(self.network, "fedpai-u")

    def local(self) -> LocalEngine:
        self._local.restore({})
        self._local.agree(self.state().masks)
        return self._local

    @contextmanager
    def boards(
        self, devices: str, told: Callable[[FleetStatus], None] = lambda _: None, **given: Any
    ) -> Iterator[FleetEngine]:
        def hear(status: FleetStatus) -> None:
            self.status.append(status)
            told(status)

        plan = plan_of(self.network, self.data, devices, **given)

        def open_fleet(masks: tuple[Masks, ...]) -> Assembled:
            return assemble(plan, self.data, self.partition, masks, hear)

        engine = FleetEngine(self.local(), open_fleet, self.partition, SEED)
        try:
            engine.agree(self.state().masks)
            yield engine
        finally:
            engine.close()

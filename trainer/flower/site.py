"""What a SuperNode runs: some of the federation's clients, on this machine or on boards behind it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from host_bridge.errors import UserError
from trainer.config import RunConfig, make_config
from trainer.engines.base import ClientReply, ClientTask, Engine, Memory
from trainer.engines.fleet import with_boards
from trainer.engines.local import LocalEngine
from trainer.fleet.assembly import FleetPlan
from trainer.fleet.places import Emulated, parse_places
from trainer.fleet.planning import plan_boards
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.prepare import Begun, Data, begin, load_data
from trainer.tensors import Int32, Masks, Weights

_EXAMPLE = "start it with --node-config 'partition-id=0 num-partitions=2'"


@dataclass(frozen=True)
class Placement:
    """Which clients a SuperNode has: every ``nodes``-th one, beginning with its own number.

    Attributes:
        number: of this SuperNode, from 0 (``partition-id`` of its settings).
        nodes: how many there are (``num-partitions``).
        data_dir: where the data set's files are on this machine; None for where the run's options say.
        devices: boards behind it, as ``--devices`` writes them; empty if its clients run in this process.
    """

    number: int
    nodes: int
    data_dir: str | None = None
    devices: str = ""

    def clients(self, count: int) -> tuple[int, ...]:
        """Its clients, of ``count`` in all."""
        return tuple(range(self.number, count, self.nodes))


def read_placement(settings: Mapping[str, Any]) -> Placement:
    """Read a SuperNode's settings (``flower-supernode --node-config``).

    Raises:
        UserError: a setting is missing or wrong; names it.
    """
    known = {"partition-id", "num-partitions", "data-dir", "devices"}
    if unknown := sorted(set(settings) - known):
        raise UserError(f"a SuperNode has no setting {unknown[0]!r}; choose from: {', '.join(sorted(known))}")
    number, nodes = (_whole(settings, name) for name in ("partition-id", "num-partitions"))
    if number >= nodes:
        raise UserError(f"partition-id = {number} of a SuperNode must be below num-partitions = {nodes}; {_EXAMPLE}")
    return Placement(number, nodes, settings.get("data-dir"), str(settings.get("devices", "")))


def _whole(settings: Mapping[str, Any], name: str) -> int:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(f"{name} = {value!r} of a SuperNode is not a whole number; {_EXAMPLE}")
    return value


@dataclass
class Site:
    """Clients of one federation on one machine.

    Attributes:
        config: the run's options.
        begun: the model.
        data: all samples and who holds which; a site reads those of its own clients.
        engine: trains them.
    """

    config: RunConfig
    begun: Begun = field(repr=False)
    data: Data = field(repr=False)
    engine: Engine = field(repr=False)
    _agreed: dict[int, int] = field(default_factory=dict, repr=False)

    @property
    def network(self) -> Network:
        """What clients train."""
        return self.begun.network

    def agree(self, masks: Mapping[int, Masks]) -> None:
        """Fix the masks of some clients; nothing happens if the engine has them already."""
        prints = {client: fingerprint(one) for client, one in masks.items()}
        if prints == self._agreed:
            return
        anyone = next(iter(masks.values()))
        self.engine.agree(tuple(masks.get(client, anyone) for client in range(len(self.data.partition))))
        self._agreed = prints

    def train(self, task: ClientTask, memory: Memory) -> tuple[ClientReply, Memory]:
        """One client's part of a round, and what the client remembers after it.

        Raises:
            UserError: it did not answer.
        """
        self.engine.restore(memory)
        replies = list(self.engine.train([task]))
        if not replies:
            raise UserError(f"client {task.client} did not answer in round {task.round}")
        return replies[0], self.engine.memory()

    @property
    def identity(self) -> str:
        """See :func:`identity`."""
        return identity(self.network, self.data.dataset.train_y, self.data.partition, self.config.seed)

    def gradients(self, client: int, weights: Weights) -> tuple[Weights, int]:
        """A client's dense gradients and its number of samples."""
        found = next(iter(self.engine.gradients([client], weights)))
        return found.gradients, found.samples


def identity(network: Network, labels: Int32, partition: Partition, seed: int) -> str:
    """A digest of what both ends must agree on: tensors, and which sample is whose.

    Args:
        network: what clients train.
        labels: int32 (samples,), of all training samples.
        partition: which of them each client holds.
        seed: of the run.
    """
    known = {
        "tensors": [(spec.name, list(spec.shape), spec.role.value) for spec in network.specs],
        "partition": [hashlib.sha256(part.astype("<i8").tobytes()).hexdigest() for part in partition],
        "labels": hashlib.sha256(labels.astype("<i4").tobytes()).hexdigest(),
        "seed": seed,
    }
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


@lru_cache(maxsize=2)
def site_for(options: str, placement: Placement) -> Site:
    """The site of a federation; built once in a process.

    Args:
        options: the run's options as JSON.
        placement: which of its clients run here.

    Raises:
        UserError: the options or the data are not what this machine can serve.
    """
    given = json.loads(options)
    if placement.data_dir is not None:
        given["data_dir"] = placement.data_dir
    config = make_config(given)
    data = load_data(config)
    begun = begin(config, data)
    compaction = config.compaction and begun.algorithm.fixed_masks
    engine: Engine = LocalEngine(
        begun.network, data.dataset, data.partition, config.seed, compaction=compaction, threads=1
    )
    if placement.devices:
        plan = _boards(config, begun, data, placement)
        engine = with_boards(engine, plan, data.dataset, data.partition, None)
    return Site(config, begun, data, engine)


def _boards(config: RunConfig, begun: Begun, data: Data, placement: Placement) -> FleetPlan:
    """The first of a SuperNode's clients are the boards behind it.

    Raises:
        UserError: there are more boards than clients, a place is none that runs already, or boards cannot train this.
    """
    places = parse_places(placement.devices)
    own = placement.clients(len(data.partition))
    if len(places) > len(own):
        raise UserError(f"devices = {placement.devices!r} are {len(places)} boards for {len(own)} clients; use fewer")
    if emulated := [place for place in places if isinstance(place, Emulated)]:
        raise UserError(
            f"devices = {placement.devices!r}: a SuperNode's boards have to run already, for another process may "
            f"answer each message; start {emulated[0].emulator} by python -m trainer.fleet serve and give its URLs"
        )
    return plan_boards(
        config, begun.network, data.dataset, begun.beginning.pruner, dict(zip(own, places, strict=False))
    )

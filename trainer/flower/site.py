"""What a SuperNode runs: some of the federation's clients, on this machine or on boards behind it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from trainer.config import RunConfig, make_config
from trainer.engines.base import ClientReply, ClientTask, Engine, Memory
from trainer.engines.local import LocalEngine
from trainer.flower.boards import BoardClients, plan_each
from trainer.flower.placement import Placement
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.partitions import Partition
from trainer.prepare import Begun, Data, begin, load_data
from trainer.tensors import Int32, Masks, Weights


@dataclass
class Site:
    """Clients of one federation on one machine; may be asked for several of them at the same time.

    Attributes:
        config: the run's options.
        begun: the model.
        data: all samples and who holds which; a site reads those of its own clients.
        engine: trains the clients that are no boards, one after the other.
        boards: the others, each by itself.
    """

    config: RunConfig
    begun: Begun = field(repr=False)
    data: Data = field(repr=False)
    engine: Engine = field(repr=False)
    boards: BoardClients = field(repr=False)
    _masks: tuple[Masks, ...] = field(default=(), repr=False)
    _held: dict[int, tuple[int, Masks]] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def network(self) -> Network:
        """What clients train."""
        return self.begun.network

    def agree(self, masks: Mapping[int, Masks]) -> None:
        """Fix the masks of some clients; nothing happens if they are known already."""
        new = {client: (fingerprint(one), one) for client, one in masks.items()}
        with self._lock:
            if all(client in self._held and self._held[client][0] == one[0] for client, one in new.items()):
                return
            self._held |= new
            shared = dict(self._held.values())  # equal masks as one object, for those share a graph
            anyone = next(iter(shared.values()))
            held = (self._held.get(client) for client in range(len(self.data.partition)))
            self._masks = tuple(anyone if one is None else shared[one[0]] for one in held)
            if any(client not in self.boards for client in masks):
                self.engine.agree(self._masks)

    def train(self, task: ClientTask, memory: Memory) -> tuple[ClientReply, Memory]:
        """One client's part of a round.

        Args:
            task: what to do.
            memory: what this client remembers.

        Returns:
            Its reply, and what it remembers now.

        Raises:
            UserError: it did not answer; says why.
        """
        if task.client in self.boards:
            return self.boards.train(task, self._masks, memory)
        with self._lock:
            self.engine.restore(memory)
            (reply,) = self.engine.train([task])
            return reply, self.engine.memory()

    @property
    def identity(self) -> str:
        """See :func:`identity`."""
        return identity(self.network, self.data.dataset.train_y, self.data.partition, self.config.seed)

    def gradients(self, client: int, weights: Weights) -> tuple[Weights, int]:
        """A client's dense gradients and its number of samples."""
        with self._lock:
            found = next(iter(self.engine.gradients([client], weights)))
        return found.gradients, found.samples

    def close(self) -> None:
        """Hang up on the boards."""
        self.boards.close()


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


class Sites:
    """The sites of this process, by the federation's options and what this machine has for it.

    Args:
        most: sites that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sites: dict[tuple[str, str | None, Placement | None], Site] = {}
        self._lock = Lock()

    def get(self, options: str, placement: Placement) -> Site:
        """A site, built when it is first asked for. A board has one line, so another site of the same boards hangs up.

        Args:
            options: the run's options as JSON.
            placement: which of its clients run here; SuperNodes without boards share a site.

        Raises:
            UserError: the options or the data are not what this machine can serve.
        """
        key = options, placement.data_dir, placement if placement.devices else None
        with self._lock:
            site = self._sites.pop(key, None)
            while len(self._sites) >= self._most:
                self._sites.pop(next(iter(self._sites))).close()
            for other, holder in self._sites.items():
                if other[2] is not None and other[2].devices == placement.devices:
                    holder.close()
            self._sites[key] = site or _build(options, placement)
            return self._sites[key]


def _build(options: str, placement: Placement) -> Site:
    given = json.loads(options)
    if placement.data_dir is not None:
        given["data_dir"] = placement.data_dir
    config = make_config(given)
    data = load_data(config)
    begun = begin(config, data)
    compaction = config.compaction and begun.algorithm.fixed_masks
    engine = LocalEngine(begun.network, data.dataset, data.partition, config.seed, compaction=compaction, threads=1)
    own = placement.clients(len(data.partition))
    plans = plan_each(config, begun, data, own, placement.devices) if placement.devices else {}
    return Site(config, begun, data, engine, BoardClients(plans, data))

"""The boards behind a SuperNode: each is greeted by itself, so that one which does not answer keeps no other away."""

from dataclasses import dataclass, field, replace

from host_bridge.errors import UserError
from trainer.config import RunConfig
from trainer.engines.base import ClientReply, ClientTask, Memory
from trainer.engines.fleet import FleetEngine, with_boards
from trainer.engines.no_clients import NoClients
from trainer.fleet.assembly import FleetPlan
from trainer.fleet.places import Emulated, Place, parse_places
from trainer.fleet.planning import plan_boards
from trainer.prepare import Begun, Data
from trainer.tensors import Masks


def plan_each(config: RunConfig, begun: Begun, data: Data, own: tuple[int, ...], devices: str) -> dict[int, FleetPlan]:
    """A plan for each of a SuperNode's boards, which are the first of its clients.

    Args:
        config: options of the run.
        begun: its model.
        data: its samples.
        own: the SuperNode's clients.
        devices: its boards, as ``--devices`` writes them; they must run already.

    Raises:
        UserError: there are more boards than clients, a place is none that runs already, or boards cannot train this.
    """
    places = parse_lines(devices)
    if len(places) > len(own):
        raise UserError(f"devices = {devices!r} are {len(places)} boards for {len(own)} clients; use fewer")
    placed = dict(zip(own, places, strict=False))
    plan = plan_boards(config, begun.network, data.dataset, begun.beginning.pruner, placed)
    return {client: replace(plan, places=(place,), clients=(client,)) for client, place in placed.items()}


def parse_lines(devices: str) -> tuple[Place, ...]:
    """Read a SuperNode's boards.

    Raises:
        UserError: a place is none, or none that runs already.
    """
    places = parse_places(devices)
    if emulated := [place for place in places if isinstance(place, Emulated)]:
        raise UserError(
            f"devices = {devices!r}: a SuperNode's boards have to run already; start "
            f"{emulated[0].emulator} by python -m trainer.fleet serve and give its URLs"
        )
    return places


@dataclass
class BoardClients:
    """Clients that are boards, each with a line and an engine of its own, opened when it has its first task.

    Args:
        plans: by client, of one board each.
        data: their samples.
    """

    plans: dict[int, FleetPlan]
    data: Data = field(repr=False)
    _engines: dict[int, FleetEngine] = field(default_factory=dict, repr=False)

    def __contains__(self, client: int) -> bool:
        return client in self.plans

    def train(self, task: ClientTask, masks: tuple[Masks, ...], memory: Memory) -> tuple[ClientReply, Memory]:
        """One board's part of a round, and what is to be remembered of that board.

        Args:
            task: of a client that is a board.
            masks: of each client of the run.
            memory: what was remembered of that board.

        Raises:
            UserError: the board does not answer, or cannot do it; it is greeted again when it has its next task.
        """
        engine = self._engine(task.client)
        engine.agree(masks)
        engine.restore(memory)
        replies = list(engine.train([task]))
        if not replies:
            raise UserError(f"client {task.client}: {engine.boards[0].last_loss}")
        return replies[0], engine.memory()

    def close(self) -> None:
        """Hang up on all of them; whoever asks again greets them anew."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()

    def _engine(self, client: int) -> FleetEngine:
        if client not in self._engines:
            plan, data = self.plans[client], self.data
            self._engines[client] = with_boards(NoClients(), plan, data.dataset, data.partition, None)
        return self._engines[client]

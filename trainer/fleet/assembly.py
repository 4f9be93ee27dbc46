"""From a run's options and masks to a fleet: firmware is built once for each kind of board, and boards are made."""

import tempfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from device_sim.emulators import choose_emulator
from device_sim.power import EmulatedPower, Outlet, Power
from firmware_gen.boards import load_board
from firmware_gen.learner import LearnerDescription, Purpose
from firmware_gen.learner_build import build_learner
from firmware_gen.learner_report import LearnerReport
from host_bridge.errors import UserError
from host_bridge.keys import load_key
from trainer.datasets import Dataset
from trainer.fleet.board import ClientBoard
from trainer.fleet.fleet import Fleet, Told
from trainer.fleet.places import Emulated, Place
from trainer.fleet.record import BoardRecord
from trainer.fleet.setup import MaskRecipe, MaskSetup, Samples, mask_setup
from trainer.fleet.task import BoardSetup, Limits
from trainer.partitions import Partition
from trainer.tensors import Masks, TensorSpec
from trainer.values import value_count


@dataclass(frozen=True)
class FleetPlan:
    """What a fleet is made of.

    Attributes:
        places: where each board is.
        clients: which client each board is.
        description: the training graph.
        purpose: what learners must have room for; samples and values are filled in here.
        recipe: how boards may compute their mask; None where they cannot.
        limits: how patient the fleet is.
        seed: of the run.
        rounds: of the run, for those who watch.
    """

    places: tuple[Place, ...]
    clients: tuple[int, ...]
    description: LearnerDescription
    purpose: Purpose
    recipe: MaskRecipe | None
    limits: Limits
    seed: int
    rounds: int
    specs: tuple[TensorSpec, ...] = field(repr=False)


@dataclass
class Firmwares:
    """Learners built so far, by what they are built for.

    Args:
        plan: the fleet.
        folder: where projects go.
    """

    plan: FleetPlan
    folder: Path
    reports: dict[tuple[str, str], LearnerReport] = field(default_factory=dict)

    def of(self, place: Emulated) -> LearnerReport:
        """Build a learner for an emulated board, unless that was done.

        Raises:
            UserError: it does not fit, or a tool is missing.
        """
        board = load_board(place.board)
        target = choose_emulator(place.emulator, board).target
        key = target, "" if target == "native" else board.name
        if key not in self.reports:
            self.reports[key] = self._build(place, target == "native")
        return self.reports[key]

    def _build(self, place: Emulated, native: bool) -> LearnerReport:
        """With SynFlow's scratch memory if the board has room for it; else the mask has to be sent."""
        board, purpose = load_board(place.board), self.plan.purpose
        out = self.folder / ("native" if native else board.name)
        try:
            return build_learner(self.plan.description, purpose, board, out, target="native" if native else "board")
        except UserError:
            if not purpose.seeded:
                raise
        return build_learner(
            self.plan.description, replace(purpose, seeded=False), board, out, target="native" if native else "board"
        )


class Assembled:
    """A fleet, its firmware, and the temporary folder it lies in; :meth:`close` lets go of all of them.

    Attributes:
        fleet: ready for its first round.
        reports: of each firmware, by the folder's name.
    """

    def __init__(self, fleet: Fleet, reports: dict[str, LearnerReport], stack: ExitStack) -> None:
        self.fleet, self.reports, self._stack = fleet, reports, stack

    def close(self) -> None:
        """Switch everything off; may be called again."""
        self._stack.close()


def assemble(plan: FleetPlan, dataset: Dataset, partition: Partition, masks: Sequence[Masks], told: Told) -> Assembled:
    """Build what has to be built, start the boards, and bring them up to date.

    Args:
        plan: the fleet.
        dataset: where samples are.
        partition: which of them each client holds.
        masks: of each client.
        told: hears what boards do.

    Raises:
        UserError: a learner does not fit, a tool is missing, or a board does not start or answer.
    """
    most = max(len(partition[client]) for client in plan.clients)
    values = max(value_count(plan.specs, masks[client]) for client in plan.clients)
    plan = replace(plan, purpose=replace(plan.purpose, samples=most, values=values))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fp-learners-")))
        firmwares = Firmwares(plan, folder)
        setups = {
            id(mask): mask_setup(plan.specs, mask, plan.recipe) for mask in (masks[client] for client in plan.clients)
        }
        boards = [
            ClientBoard(
                _power(place, firmwares),
                _setup(plan, setups[id(masks[client])], _samples(dataset, partition, client)),
                BoardRecord(client, _name(place)),
                plan.limits,
            )
            for client, place in zip(plan.clients, plan.places, strict=True)
        ]
        fleet = stack.enter_context(Fleet(boards, plan.limits.round, plan.rounds, told))
        fleet.prepare()
        reports = {report.elf.parents[1].name: report for report in firmwares.reports.values()}
        return Assembled(fleet, reports, stack.pop_all())


def _samples(dataset: Dataset, partition: Partition, client: int) -> Samples:
    indices = partition[client]
    return Samples(dataset.train_x[indices], dataset.train_y[indices])


def _setup(plan: FleetPlan, mask: MaskSetup, samples: Samples) -> BoardSetup:
    return BoardSetup(plan.description.sha256, _run(plan, mask, samples), mask, samples)


def _power(place: Place, firmwares: Firmwares) -> Power:
    if not isinstance(place, Emulated):
        return Outlet(place.url, None if place.key is None else load_key(place.key))
    return EmulatedPower(place.emulator, firmwares.of(place).elf, load_board(place.board))


def _name(place: Place) -> str:
    return f"{place.emulator} {load_board(place.board).name}" if isinstance(place, Emulated) else place.url


def _run(plan: FleetPlan, mask: MaskSetup, samples: Samples) -> int:
    """The same number for the same federation, resumed or not: residuals belong to it."""
    words = f"{plan.description.sha256} {plan.seed} {mask.fingerprint} {plan.purpose.encoding}".encode()
    return zlib.crc32(samples.y.tobytes(), zlib.crc32(samples.x.tobytes(), zlib.crc32(words)))

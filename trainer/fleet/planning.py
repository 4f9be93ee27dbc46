"""From a run's options to a fleet's plan, or to the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from firmware_gen.learner import LearnerDescription, Purpose
from firmware_gen.learner.plan import Encoding
from host_bridge.errors import UserError
from trainer.algorithms import ALGORITHMS
from trainer.choices import AUTO_DEVICES, NO_BOARD, NO_DEVICES
from trainer.config import RunConfig
from trainer.datasets import Dataset
from trainer.fleet.assembly import FleetPlan
from trainer.fleet.places import Place, parse_places
from trainer.fleet.setup import MaskRecipe, byte_scale
from trainer.fleet.task import Limits
from trainer.learner_export import describe
from trainer.models.network import Network
from trainer.pruners import PRUNERS
from trainer.tensors import count_prunable

HERE = "local"
"""The engine that has boards beside it; others have boards of their own, or none."""
ANSWER_SECONDS = 10.0
"""Until a board that says nothing is given up for the round."""
AUTO_BOARDS = 2
"""Boards that a run has if nobody says how many."""
_NAME_LENGTH = 31


@dataclass(frozen=True)
class NoFleet:
    """Why a run has no boards, where that is worth saying; empty where it was asked for."""

    reason: str = ""


def plan_fleet(config: RunConfig, network: Network, dataset: Dataset, pruner: str | None) -> FleetPlan | NoFleet:
    """Decide which clients are boards, and what the boards must have room for.

    Args:
        config: options of the run.
        network: what clients train.
        dataset: decides how boards store samples.
        pruner: what chose the mask.

    Raises:
        UserError: boards were asked for by name and cannot train this; names what is in the way.
    """
    if (
        config.engine != HERE
        or config.devices == NO_DEVICES
        or (config.devices == AUTO_DEVICES and config.board == NO_BOARD)
    ):
        return NoFleet()
    if config.devices != AUTO_DEVICES:
        return _plan(config, network, dataset, pruner, parse_places(config.devices))
    if config.clients < AUTO_BOARDS:
        return NoFleet(f"fewer than {AUTO_BOARDS} clients")
    emulator = "native" if config.emulator == "native" else "qemu"
    try:
        return _plan(config, network, dataset, pruner, parse_places(f"{emulator}:{AUTO_BOARDS}"))
    except UserError as error:
        return NoFleet(str(error))


def _plan(
    config: RunConfig, network: Network, dataset: Dataset, pruner: str | None, places: tuple[Place, ...]
) -> FleetPlan:
    if len(places) > config.clients:
        raise UserError(
            f"devices = {config.devices!r} are {len(places)} boards for {config.clients} clients; use fewer boards or "
            "more --clients"
        )
    return plan_boards(config, network, dataset, pruner, dict(enumerate(places)))


def plan_boards(
    config: RunConfig, network: Network, dataset: Dataset, pruner: str | None, places: Mapping[int, Place]
) -> FleetPlan:
    """What boards of a run must be and have room for.

    Args:
        config: options of the run.
        network: what clients train.
        dataset: decides how boards store samples.
        pruner: what chose the mask.
        places: by client, where its board is.

    Raises:
        UserError: boards cannot train this; names what is in the way.
    """
    if not ALGORITHMS.get(config.method).fixed_masks:
        raise UserError(f"method {config.method!r} changes masks, and boards keep theirs; use --devices none")
    recipe = _recipe(config, network, pruner)
    return FleetPlan(
        places=tuple(places.values()),
        clients=tuple(places),
        description=describe(network, learner_name(config)),
        purpose=make_purpose(config, dataset, seeded=recipe is not None and _is_chain(network, config)),
        recipe=recipe,
        limits=Limits(answer=ANSWER_SECONDS, round=config.device_seconds),
        seed=config.seed,
        rounds=config.rounds,
        specs=network.specs,
    )


def learner_name(config: RunConfig) -> str:
    """The learner's name in firmware: the model's, of printable characters."""
    return "".join(one if " " <= one <= "~" else "?" for one in config.model)[:_NAME_LENGTH]


def make_purpose(config: RunConfig, dataset: Dataset, *, seeded: bool, samples: int = 1) -> Purpose:
    """What a learner of this run must have room for.

    Args:
        config: options of the run.
        dataset: its training samples decide how boards store them.
        seeded: whether boards compute their mask.
        samples: of the largest shard.
    """
    scale = byte_scale(dataset.train_x)
    return Purpose(
        samples=samples,
        sample_format="float32" if scale is None else "uint8",
        sample_scale=scale or 1.0,
        encoding=cast(Encoding, config.encoding),
        proximal=ALGORITHMS.get(config.method).proximal and config.proximal > 0,
        epochs=config.local_epochs,
        batch_size=config.batch_size,
        shifts=config.shift > 0,
        seeded=seeded,
        sparsity=config.sparsity,
    )


def _recipe(config: RunConfig, network: Network, pruner: str | None) -> MaskRecipe | None:
    """How boards can compute the mask: SynFlow on the seed's weights, one mask for all."""
    if pruner != "synflow" or config.masks != "shared" or ALGORITHMS.get(config.method).shrink is not None:
        return None
    total, iterations = count_prunable(network.specs), PRUNERS.get(pruner).iterations
    keep = [round(total * (1 - config.sparsity) ** (step / iterations)) for step in range(1, iterations + 1)]
    return MaskRecipe(config.seed, tuple(keep))


def _is_chain(network: Network, config: RunConfig) -> bool:
    layers = describe(network, learner_name(config)).layers
    return all(layer.inputs == (position - 1,) for position, layer in enumerate(layers))


def describe_run(config: RunConfig, samples: int | None) -> tuple[LearnerDescription, Purpose]:
    """What the learners of a run are built from; takes no training.

    Args:
        config: options of the run.
        samples: that a learner is to have room for; None for the largest shard of the run.

    Raises:
        UserError: boards cannot train this; names what is in the way.
    """
    from trainer.prepare import begin, load_data

    data = load_data(config)
    begun = begin(config, data)
    if not begun.algorithm.fixed_masks:
        raise UserError(f"method {config.method!r} changes masks, and boards keep theirs; use another --method")
    network = begun.network
    seeded = _recipe(config, network, begun.beginning.pruner) is not None and _is_chain(network, config)
    most = samples or max(map(len, data.partition))
    return describe(network, learner_name(config)), make_purpose(config, data.dataset, seeded=seeded, samples=most)

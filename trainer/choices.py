"""Checks of the names that options take; each loads its registry only when it is asked."""

from host_bridge.errors import UserError

NO_BOARD = "none"
"""The board of a run that ends with the int8 model."""
NO_DEVICES, AUTO_DEVICES = "none", "auto"
"""Runs whose clients all run on this computer; and runs with two emulated boards among them, where that can be."""


def check_dataset(name: str) -> str:
    """Return the dataset's name.

    Raises:
        UserError: it is unknown; lists the choices. So do all functions of this module.
    """
    from trainer.datasets import check_dataset_name

    return check_dataset_name(name)


def check_model(name: str) -> str:
    """Return the model's name."""
    from trainer.models import check_model_name

    return check_model_name(name)


def check_method(name: str) -> str:
    """Return the algorithm's name."""
    from trainer.algorithms import ALGORITHMS

    return ALGORITHMS.check(name)


def check_pruner(name: str | None) -> str | None:
    """Return the pruner's name; None leaves it to the method."""
    from trainer.pruners import check_pruner_name

    return None if name is None else check_pruner_name(name)


def check_partition(name: str) -> str:
    """Return the partition's name."""
    from trainer.partitions import PARTITIONS

    return PARTITIONS.check(name)


def check_aggregator(name: str) -> str:
    """Return the aggregator's name."""
    from trainer.aggregation import AGGREGATORS

    return AGGREGATORS.check(name)


def check_server_optimiser(name: str) -> str:
    """Return the server optimiser's name."""
    from trainer.server_optimisers import SERVER_OPTIMISERS

    return SERVER_OPTIMISERS.check(name)


def check_encoding(name: str) -> str:
    """Return the name of the encoding of values."""
    from trainer.wire import CODECS

    return CODECS.check(name)


def check_together(method: str, pruner: str | None, masks: str) -> None:
    """Refuse options that do not go together.

    Args:
        method: the algorithm's name.
        pruner: the pruner's name; None for the method's own.
        masks: whose saliency decides.
    """
    from trainer.algorithms import ALGORITHMS

    allowed = ALGORITHMS.get(method).pruners
    if pruner is not None and pruner not in allowed:
        remedy = f"choose from: {', '.join(allowed)}" if allowed else "leave --pruner away"
        raise UserError(f"pruner {pruner!r} does not go with method {method!r}; {remedy}")
    if masks != "shared" and masks not in ALGORITHMS.get(method).mask_sources:
        able = [name for name in ALGORITHMS.names if masks in ALGORITHMS.get(name).mask_sources]
        raise UserError(f"masks {masks!r} do not go with method {method!r}; use --method {' or '.join(able)}")


def check_place(engine: str, devices: str) -> None:
    """Refuse boards that an engine would never speak to.

    Args:
        engine: where clients run.
        devices: which of them are boards.
    """
    if engine == "flower" and devices not in (NO_DEVICES, AUTO_DEVICES):
        raise UserError(
            f"devices = {devices!r}: boards of a Flower run are behind its SuperNodes; give them to "
            "python -m trainer.flower node --devices, or leave --engine flower away"
        )


def check_engine(name: str) -> str:
    """Return the engine's name."""
    from trainer.engines import ENGINES

    return ENGINES.check(name)


def check_board(name: str) -> str:
    """Return the name of a board, the path of a board file, or :data:`NO_BOARD`."""
    from firmware_gen.boards import board_names, load_board

    if name == NO_BOARD:
        return name
    if name not in board_names() and not name.endswith(".toml"):
        names = ", ".join((*board_names(), NO_BOARD))
        raise UserError(f"unknown board {name!r}; choose from: {names}, or give a .toml file")
    load_board(name)
    return name


def check_devices(text: str) -> str:
    """Return a list of boards, :data:`NO_DEVICES` or :data:`AUTO_DEVICES`."""
    from trainer.fleet.places import parse_places

    if text not in (NO_DEVICES, AUTO_DEVICES):
        parse_places(text)
    return text


def check_emulator(name: str) -> str:
    """Return the emulator's name; whether it can run the board is found out by :mod:`trainer.deploy`."""
    from device_sim.emulators import EMULATOR_NAMES

    if name not in EMULATOR_NAMES:
        raise UserError(f"unknown emulator {name!r}; choose from: {', '.join(EMULATOR_NAMES)}")
    return name

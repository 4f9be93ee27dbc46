"""The way from a run's options to an engine on Flower: in a simulation, or on the grid of a ServerApp that runs us."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from trainer.engines import Engine, EnginePlace
from trainer.flower.programs import check_installed

if TYPE_CHECKING:
    from flwr.serverapp import Grid

_grid: "ContextVar[Grid | None]" = ContextVar("flower_grid", default=None)


@contextmanager
def bound_grid(grid: "Grid") -> Iterator[None]:
    """Within the block engines use this grid instead of a simulation."""
    token = _grid.set(grid)
    try:
        yield
    finally:
        _grid.reset(token)


def _say(text: str) -> None:
    print(f"flower: {text}", file=sys.stderr, flush=True)


def start_engine(place: EnginePlace) -> Engine:
    """An engine on the grid that is bound, or on a simulation with one SuperNode for each client.

    Raises:
        UserError: Flower is not installed or does not start.
    """
    check_installed()
    from trainer.flower.engine import FlowerEngine
    from trainer.flower.simulation import Simulation
    from trainer.flower.site import identity

    known: dict[str, Any] = {
        "say": _say,
        "options": place.config.model_dump_json(exclude_defaults=True),
        "clients": len(place.partition),
        "most_samples": max(map(len, place.partition)),
        "identity": identity(place.network, place.dataset.train_y, place.partition, place.seed),
    }
    grid = _grid.get()
    if grid is not None:
        return FlowerEngine(grid, **known)
    simulation = Simulation(len(place.partition))
    return FlowerEngine(simulation.start(), **known, on_close=simulation.stop)

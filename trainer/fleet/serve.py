"""Emulated boards that run until somebody ends them, each behind a serial URL: what a SuperNode's settings name."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from device_sim.power import EmulatedPower
from firmware_gen.boards import load_board
from host_bridge.errors import UserError
from trainer.config import RunConfig
from trainer.fleet.assembly import Firmwares
from trainer.fleet.places import Emulated, parse_places
from trainer.fleet.planning import plan_boards


@contextmanager
def serving(config: RunConfig, devices: str) -> Iterator[tuple[str, ...]]:
    """Build the learners of a run and start boards, all within the calling thread; they end with the block.

    Args:
        config: options of the run that the boards will take part in.
        devices: emulated boards, as ``--devices`` writes them.

    Yields:
        Their serial URLs.

    Raises:
        UserError: a board is not an emulated one, cannot train this, or does not start.
    """
    from trainer.prepare import begin, load_data

    places = [place for place in parse_places(devices) if isinstance(place, Emulated)]
    if len(places) != len(parse_places(devices)):
        raise UserError(f"devices = {devices!r}: only emulated boards can be started, such as qemu:2")
    data = load_data(config)
    begun = begin(config, data)
    plan = plan_boards(config, begun.network, data.dataset, begun.beginning.pruner, dict(enumerate(places)))
    roomy = replace(plan, purpose=replace(plan.purpose, samples=max(map(len, data.partition))))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fp-learners-")))
        firmwares = Firmwares(roomy, folder)
        powers = [EmulatedPower(place.emulator, firmwares.of(place).elf, load_board(place.board)) for place in places]
        for power in powers:
            stack.callback(power.off)
        yield tuple(power.url() for power in powers)

"""A SuperNode's own settings: which clients it has, and what is behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from host_bridge.errors import UserError

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

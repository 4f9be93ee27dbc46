"""Boards behind a bad line, and boards that are killed."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

import trainer.fleet.assembly
from device_sim.faults import FaultRates
from device_sim.power import Power
from device_sim.proxy import FaultProxy, fault_proxy
from host_bridge.monitor.status import FleetStatus


class BadLine:
    """:class:`device_sim.power.Power` with a bad line in front of it."""

    def __init__(self, inner: Power, rates: FaultRates, seed: int) -> None:
        self._inner, self._rates, self._seed = inner, rates, seed
        self._target = ""
        self._stack = ExitStack()
        self.proxies: list[FaultProxy] = []

    @property
    def key(self) -> bytes | None:
        return self._inner.key

    @property
    def starts(self) -> int:
        return self._inner.starts

    @property
    def faults(self) -> int:
        return sum(sum(proxy.faults.values()) for proxy in self.proxies)

    def url(self) -> str:
        target = self._inner.url()
        if target != self._target:
            self._stack.close()
            self.proxies.append(self._stack.enter_context(fault_proxy(target, self._rates, self._seed)))
            self._target = target
        return self.proxies[-1].url

    def off(self) -> None:
        self._stack.close()
        self._target = ""
        self._inner.off()


def bad_lines(monkeypatch: pytest.MonkeyPatch, rates: FaultRates) -> list[BadLine]:
    """Put a bad line in front of every board of fleets assembled from now on; returns the lines as they are made."""
    made: list[BadLine] = []
    power_of = trainer.fleet.assembly._power

    def power(*given: Any) -> BadLine:
        made.append(BadLine(power_of(*given), rates, len(made)))
        return made[-1]

    monkeypatch.setattr(trainer.fleet.assembly, "_power", power)
    return made


@dataclass
class Killer:
    """Kills one emulator of this process, once, when a board of the fleet is first seen in a state of a round."""

    program: str
    state: str
    round: int
    killed: list[int] = field(default_factory=list)

    def __call__(self, status: FleetStatus) -> None:
        if self.killed or not any(one.state == self.state and one.round == self.round for one in status.boards):
            return
        for child in psutil.Process().children(recursive=True):
            if any(self.program in word for word in child.cmdline()):
                self.killed.append(child.pid)
                child.kill()
                return

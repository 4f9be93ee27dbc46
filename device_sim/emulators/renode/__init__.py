"""Renode: many boards in one headless process, each UART a TCP socket on loopback.

Tried on 1.13.3 and 1.16.1. :mod:`.install` finds the program, :mod:`.scripts` renders what it reads, :mod:`.contents`
what it loads, :mod:`.monitor` talks to it, :mod:`.meter` counts instructions, :mod:`.session` starts and ends it, and
:mod:`.shared` lets all boards of a program share one.
"""

from device_sim.emulators.renode.install import obstacle
from device_sim.emulators.renode.session import start_many, start_metered
from device_sim.emulators.renode.shared import start

__all__ = ["obstacle", "start", "start_many", "start_metered"]

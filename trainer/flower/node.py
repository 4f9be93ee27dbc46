"""A gateway's SuperNode, started when all that can be known before says that it will work."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_sim.emulators.child import LAUNCHER
from device_sim.emulators.launcher import GUARD
from host_bridge.errors import UserError
from trainer.flower.boards import parse_lines
from trainer.flower.loopback import free_port, program
from trainer.flower.placement import read_placement
from trainer.flower.reach import check_reach


@dataclass(frozen=True)
class NodeOptions:
    """What a SuperNode is started with.

    Attributes:
        superlink: address of the SuperLink, ``HOST:PORT``.
        authority: certificate that the SuperLink's is checked against.
        key: the SuperNode's private key, whose public one is registered.
        settings: of :class:`trainer.flower.placement.Placement`, by Flower's names.
    """

    superlink: str
    authority: Path
    key: Path
    settings: Mapping[str, Any]


def run_node(options: NodeOptions) -> None:
    """Run a SuperNode until somebody ends it.

    Raises:
        UserError: a setting, a file, the address or a certificate is wrong, or the SuperNode ends.
    """
    check_node(options)
    named = " ".join(f"{name}={_toml(value)}" for name, value in options.settings.items())
    command = [
        *(program("flower-supernode"), "--superlink", options.superlink, "--port", str(free_port())),
        *("--root-certificates", str(options.authority), "--auth-supernode-private-key", str(options.key)),
        *("--node-config", named),
    ]
    guarded = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), GUARD, *command]
    code = subprocess.Popen(guarded, stdin=subprocess.DEVNULL, start_new_session=True).wait()
    if code != 0:
        raise UserError(
            f"the SuperNode has ended with exit code {code}; Flower's own words are above. A key that is not known, or "
            f"belongs to a SuperNode that still runs, is refused: flwr supernode register {options.key}.pub"
        )


def check_node(options: NodeOptions) -> None:
    """Look at everything that can be looked at before a SuperNode is started.

    Raises:
        UserError: names what is wrong.
    """
    placement = read_placement(options.settings)
    if placement.devices:
        parse_lines(placement.devices)
    if not options.key.is_file():
        raise UserError(f"there is no key {options.key}; make a pair, and register the public one")
    check_reach(options.superlink, options.authority)


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)

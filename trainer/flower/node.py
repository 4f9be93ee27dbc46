"""A gateway's SuperNode, started when all that can be known before says that it will work."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from device_sim.emulators.child import LAUNCHER
from device_sim.emulators.launcher import GUARD
from host_bridge.errors import UserError
from trainer.flower.boards import parse_lines
from trainer.flower.credentials import check_node_key
from trainer.flower.placement import read_placement
from trainer.flower.programs import free_port, program, surroundings
from trainer.flower.reach import check_reach

_JOINED = "SuperNode ID"
_ERROR = "ERROR"
_LAST_WORDS_SECONDS, _LEAVE_SECONDS = 5.0, 10.0


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


@dataclass
class _Voice:
    """What a SuperNode says: kept back until the SuperLink has taken it, for until then only the end of it matters."""

    joined: bool = False
    _kept: list[str] = field(default_factory=list)

    def hear(self, lines: Iterable[str]) -> None:
        """Listen until it says no more."""
        for line in lines:
            self._kept.append(line)
            self.joined = self.joined or _JOINED in line
            if self.joined:
                sys.stderr.write("".join(self._kept))
                sys.stderr.flush()
                self._kept.clear()

    def reason(self) -> str:
        """Why it has not been taken: what Flower wrote below its mark of an error, in one line."""
        lines = [line.strip() for line in self._kept]
        begins = [number + 1 for number, line in enumerate(lines) if _ERROR in line]
        told = lines[begins[0] :] if begins else lines[-1:]
        return " ".join(takewhile(bool, told)).rstrip(".") or "it gave no reason"


def run_node(options: NodeOptions) -> None:
    """Run a SuperNode until somebody ends it.

    Raises:
        UserError: a setting, a file, the address or a certificate is wrong, the SuperLink refuses it, or it ends.
    """
    check_node(options)
    named = " ".join(f"{name}={_toml(value)}" for name, value in options.settings.items())
    command = [
        *(program("flower-supernode"), "--superlink", options.superlink, "--port", str(free_port())),
        *("--root-certificates", str(options.authority), "--auth-supernode-private-key", str(options.key)),
        *("--node-config", named),
    ]
    print(f"joining the SuperLink at {options.superlink}", file=sys.stderr, flush=True)
    voice = _Voice()
    code = _run(command, voice)
    if not voice.joined:
        raise UserError(
            f"the SuperLink at {options.superlink} has not taken this SuperNode: {voice.reason()}. A key that is not "
            "known, or belongs to a SuperNode that still runs or was killed a minute ago, is refused: "
            f"flwr supernode register {options.key}.pub"
        )
    if code != 0:
        raise UserError(f"the SuperNode has ended with exit code {code}; Flower's own words are above")


def _run(command: list[str], voice: _Voice) -> int:
    """Run a program that ends with this process; gives its exit code."""
    guarded = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), GUARD, *command]
    process = subprocess.Popen(
        guarded,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **surroundings()},
        start_new_session=True,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    listener = Thread(target=voice.hear, args=(process.stdout,), daemon=True)
    listener.start()
    try:
        code = process.wait()
    except (KeyboardInterrupt, SystemExit):
        _take_leave(process)
        raise
    listener.join(_LAST_WORDS_SECONDS)
    return code


def _take_leave(guard: "subprocess.Popen[str]") -> None:
    """Let the SuperNode tell the SuperLink that it goes, so that its key is taken again at once."""
    with suppress(psutil.NoSuchProcess):  # it has gone by itself
        for child in psutil.Process(guard.pid).children():
            child.terminate()
    with suppress(subprocess.TimeoutExpired):
        guard.wait(_LEAVE_SECONDS)


def check_node(options: NodeOptions) -> None:
    """Look at everything that can be looked at before a SuperNode is started.

    Raises:
        UserError: names what is wrong.
    """
    placement = read_placement(options.settings)
    if placement.devices:
        parse_lines(placement.devices)
    check_node_key(options.key)
    check_reach(options.superlink, options.authority)


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)

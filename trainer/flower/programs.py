"""Flower's programs: where they are, what surrounds they need."""

import os
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from host_bridge.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
_INSTALL = "install it with: .venv/bin/pip install -r requirements-flower.txt"
_QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_UPDATE_CHECK": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}


def check_installed() -> None:
    """Look for Flower.

    Raises:
        UserError: it is not installed; says how to.
    """
    for package in ("flwr", "ray"):
        if find_spec(package) is None:
            raise UserError(f"Flower is needed, and the package {package} is not installed; {_INSTALL}")


def surroundings() -> dict[str, str]:
    """Variables for Flower's programs: they find each other and this project, and call nobody outside."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    modules = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**_QUIET, "PYTHONPATH": modules, "PATH": path}


def program(name: str) -> str:
    """Where one of Flower's programs is.

    Raises:
        UserError: it is not installed.
    """
    found = shutil.which(name, path=surroundings()["PATH"])
    if found is None:
        raise UserError(f"{name} is not installed; {_INSTALL}")
    return found


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])

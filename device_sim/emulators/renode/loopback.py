"""Keeping Renode off the network: it can only listen on every interface, so its ``bind`` is narrowed to loopback."""

import subprocess
import sys
from pathlib import Path

from firmware_gen.toolchain import find_compiler
from host_bridge.errors import UserError

_SOURCE = Path(__file__).with_name("loopback.c")


def loopback_environment(folder: Path) -> dict[str, str]:
    """Variables to start Renode with; empty where libraries cannot be preloaded (other systems than Linux).

    Args:
        folder: where the small library is compiled to.

    Raises:
        UserError: there is no compiler, or it fails.
    """
    if sys.platform != "linux":
        return {}
    library = folder / "loopback.so"
    command = [find_compiler("native"), "-O2", "-shared", "-fPIC", str(_SOURCE), "-o", str(library), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = " ".join(done.stderr.split())[:200]
        raise UserError(f"the library that keeps Renode on loopback does not build: {words}")
    return {"LD_PRELOAD": str(library)}

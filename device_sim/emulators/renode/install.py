"""Finding Renode: the variable ``RENODE`` or the PATH, and whether its version will do."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from firmware_gen.boards import Board
from host_bridge.errors import UserError

VARIABLE = "RENODE"
OLDEST = (1, 13)
HOW_TO_GET = (
    "get 1.13 or later from https://github.com/renode/renode/releases (the portable archive needs no installation), "
    f"and put it on the PATH or set {VARIABLE} to the program"
)
_ANSWER_SECONDS = 60.0
_FIRST_WITHOUT_XWT = (1, 14)


@dataclass(frozen=True)
class Renode:
    """An installed Renode: path of the program and its version, such as ``"1.13.3"``."""

    program: str
    version: str

    @property
    def headless(self) -> str:
        """The option that keeps windows away; it was renamed once."""
        return "--disable-xwt" if version_numbers(self.version) < _FIRST_WITHOUT_XWT else "--disable-gui"


def find_renode() -> Renode:
    """The Renode to use.

    Raises:
        UserError: none is installed, it does not tell its version, or it is older than 1.13; says how to get one.
    """
    named = os.environ.get(VARIABLE)
    program = shutil.which(named or "renode")
    if program is None:
        missing = f"{VARIABLE}={named} is not a program" if named else "renode is not installed"
        raise UserError(f"{missing}; {HOW_TO_GET}")
    version = _version(program)
    if version_numbers(version) < OLDEST:
        raise UserError(f"{program} is Renode {version}, which is too old; {HOW_TO_GET}")
    return Renode(program, version)


def obstacle(board: Board) -> str | None:
    """Why Renode cannot run this board here, and what to do; None if it can."""
    if board.emulators.renode is None:
        return f"board {board.name} has no [emulators.renode] section; choose another board or emulator"
    try:
        find_renode()
    except UserError as error:
        return str(error)
    return None


def version_numbers(version: str) -> tuple[int, ...]:
    """``"1.13.3"`` as (1, 13, 3)."""
    return tuple(int(number) for number in version.split("."))


@lru_cache(maxsize=8)
def _version(program: str) -> str:
    """Ask once per program: the runtime behind it takes a second or two to start."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{program} --version does not answer ({type(error).__name__}); {HOW_TO_GET}") from error
    found = re.search(r"\bv?(\d+\.\d+(?:\.\d+)?)", done.stdout)
    if done.returncode != 0 or found is None:
        words = " ".join((done.stderr or done.stdout).split())[:200] or "nothing"
        raise UserError(f"{program} --version says: {words}; {HOW_TO_GET}")
    return found.group(1)

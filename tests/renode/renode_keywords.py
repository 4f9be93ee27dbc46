"""Renode's keywords for Robot Framework, as far as this project's suites use them, over the stand-in for Renode."""

import os
import sys
from pathlib import Path

os.environ.pop("FAKE_RENODE", None)
sys.path.insert(0, str(Path(__file__).parent))
from fake_renode import Fake


class renode_keywords:  # noqa: N801 - Robot Framework looks for a class of the file's name
    """Scripts are read by the strict parser; boards compute on QEMU."""

    ROBOT_LIBRARY_SCOPE = "SUITE"

    def __init__(self) -> None:
        self._fake = Fake(None)

    def execute_script(self, path: str) -> None:
        answer = self._fake.include(Path(path))
        if answer != "Starting emulation...\r\n":
            raise AssertionError(answer)

    def execute_command(self, command: str) -> str:
        if command == "sysbus.cpu IsHalted":
            return "False\n"
        if command != "machine Reset":
            raise AssertionError(f"not a command that is known: {command}")
        (board,) = self._fake.boards
        board.stop()
        board.start()
        return ""

    def reset_emulation(self) -> None:
        for board in self._fake.boards:
            board.stop()
            board.server.close()
        self._fake = Fake(None)

"""The benchmark's end of a side: a process that answers one JSON line for each command."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FOLDER = Path(__file__).parent
_LAST_LINES = 3


class Failed(Exception):  # noqa: N818 - what happened to a side
    """A side has ended without an answer."""


class Side:
    """A running side; a context manager that ends it.

    Args:
        python: the interpreter of its environment.
        script: in this folder.
        arguments: of the script.
    """

    def __init__(self, python: Path, script: str, arguments: tuple[str, ...]) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the side
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
        self._process = subprocess.Popen(
            [python, FOLDER / script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ | quiet,
        )
        self.versions = ""

    def __enter__(self) -> Self:
        versions = self._answer()["versions"]
        self.versions = ", ".join(f"{name} {number}" for name, number in versions.items())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()

    def ask(self, command: str) -> dict[str, Any]:
        """Tell a command and wait for the answer.

        Raises:
            Failed: there is none; tells what the side last wrote.
        """
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise Failed(" | ".join(self._log.read().splitlines()[-_LAST_LINES:]))
        return json.loads(line)

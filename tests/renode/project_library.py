"""A Robot Framework library whose keywords run in the project's own Python, in a process beside Robot Framework's.

Renode's runner insists on the very version of Robot Framework that its release names, in whatever Python it is started
with. The project's packages need not be there: keywords are sent to :mod:`keyword_worker`, one line of JSON each.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECTS_PYTHON = HERE.parents[1] / ".venv" / "bin" / "python"


class ProjectLibrary:
    """The public methods of a module's class ``Keywords``, by Robot Framework's dynamic interface.

    Args:
        module: in this folder.
    """

    ROBOT_LIBRARY_SCOPE = "SUITE"

    def __init__(self, module: str) -> None:
        python = PROJECTS_PYTHON if PROJECTS_PYTHON.exists() else sys.executable
        command = [str(python), str(HERE / "keyword_worker.py"), module]
        self._worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._arguments: dict[str, list[str]] = self._answer()

    def get_keyword_names(self) -> list[str]:
        """For Robot Framework."""
        return list(self._arguments)

    def get_keyword_arguments(self, name: str) -> list[str]:
        """For Robot Framework."""
        return self._arguments[name]

    def run_keyword(self, name: str, arguments: list[Any]) -> Any:
        """For Robot Framework: an error fails the test, in the words of the keyword."""
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._worker.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._worker.stdout
        line = self._worker.stdout.readline()
        if not line:
            raise AssertionError(f"the project's Python ended with exit code {self._worker.wait()}; see what it wrote")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

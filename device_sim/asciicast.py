"""Recording a command's output with its times, as an asciicast (version 2), which players show as a terminal."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from host_bridge.atomic import write_whole

_WIDTH, _HEIGHT = 110, 30


def record(command: Sequence[str], cast: Path, title: str | None = None) -> int:
    """Run a command, print what it prints, and keep it with the seconds at which it came.

    Args:
        command: program and arguments.
        cast: the recording; written whole when the command has ended.
        title: shown by players; None: the command.

    Returns:
        The command's exit code.
    """
    shown = title or " ".join(command)
    header = {"version": 2, "width": _WIDTH, "height": _HEIGHT, "title": shown}
    events: list[tuple[float, str, str]] = [(0.0, "o", f"$ {shown}\r\n")]
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="")
            events.append((round(time.monotonic() - start, 3), "o", line.rstrip("\n") + "\r\n"))
    lines = [json.dumps(header), *(json.dumps(event) for event in events)]
    write_whole(cast, "\n".join(lines) + "\n")
    return process.returncode

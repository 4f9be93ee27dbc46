"""The virtual environment of the peers, made when it is first needed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "benchmarks" / "requirements-peers.txt"
FOLDER = ROOT / ".venv-peers"
PYTHON = FOLDER / "bin" / "python"
_MARK = FOLDER / "installed-requirements.txt"

BY_HAND = f"python3 -m venv {FOLDER.name} && {FOLDER.name}/bin/pip install -r benchmarks/{REQUIREMENTS.name}"


def ensure(install: bool) -> str | None:
    """Make the environment if it is missing or old.

    Args:
        install: whether packages may be downloaded.

    Returns:
        Why there is none, in one line; None if there is.
    """
    if _MARK.exists() and _MARK.read_text() == REQUIREMENTS.read_text():
        return None
    if not install:
        return f"its environment is not installed; install with: {BY_HAND}, or run without --no-install"
    print(f"installing Flower and FedJAX into {FOLDER.name}, which takes minutes and about 3 GB", flush=True)
    commands = (
        [sys.executable, "-m", "venv", FOLDER],
        [PYTHON, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "-r", REQUIREMENTS],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            return f"installation failed ({last}); install with: {BY_HAND}"
    _MARK.write_text(REQUIREMENTS.read_text())
    return None

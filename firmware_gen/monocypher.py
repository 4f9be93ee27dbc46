"""Monocypher's C source (https://monocypher.org), for firmware that asks for tags: fetched, checked, never copied here.

``python -m firmware_gen.monocypher`` fetches it now; otherwise the first build that needs it does.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from host_bridge.atomic import staged_directory
from host_bridge.console import run_cli
from host_bridge.errors import UserError

DISTRIBUTION = "pymonocypher"
VERSION = "4.0.3.4"
ARCHIVE_SHA256 = "5e56e3d3eb770a53e0b9f6274146663c11a11f3d0de5cd48e3be0428d1b07a4a"
FILES = ("monocypher.c", "monocypher.h")
_FETCH_SECONDS = 300


def monocypher_files() -> tuple[Path, ...]:
    """Paths of ``monocypher.c`` and ``monocypher.h``, in the Python environment; fetched if they are not there.

    Raises:
        UserError: they cannot be fetched, or are not what this version of the project was tested with.
    """
    folder = Path(sys.prefix) / "share" / "fedpai-micro" / f"{DISTRIBUTION}-{VERSION}"
    if not all((folder / name).is_file() for name in FILES):
        with tempfile.TemporaryDirectory(prefix="fp-monocypher-") as scratch:
            archive = _download(Path(scratch))
            with staged_directory(folder) as staging:
                _unpack(archive, staging)
    return tuple(folder / name for name in FILES)


def _download(folder: Path) -> Path:
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:", "--dest", str(folder))
    command = [sys.executable, "-m", "pip", "download", *options, f"{DISTRIBUTION}=={VERSION}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"pip could not fetch {DISTRIBUTION} {VERSION}: {type(error).__name__}; try again") from error
    archives = list(folder.glob("*.tar.gz"))
    if result.returncode != 0 or len(archives) != 1:
        reason = (result.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise UserError(f"pip could not fetch {DISTRIBUTION} {VERSION}: {reason}; firmware with a key needs it")
    return archives[0]


def _unpack(archive: Path, folder: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != ARCHIVE_SHA256:
        raise UserError(f"{archive.name} has SHA-256 {digest[:12]}…, not {ARCHIVE_SHA256[:12]}…; do not use it")
    with tarfile.open(archive) as content:
        for name in FILES:
            member = content.extractfile(f"{DISTRIBUTION}-{VERSION}/{name}")
            if member is None:
                raise UserError(f"{archive.name} has no {name}; do not use it")
            (folder / name).write_bytes(member.read())


def _main() -> None:
    print(*monocypher_files(), sep="\n")


if __name__ == "__main__":
    run_cli(_main)

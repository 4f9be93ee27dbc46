"""Putting files into a project that is being written."""

import shutil
from collections.abc import Iterable
from pathlib import Path


def write_file(path: Path, text: str) -> None:
    """Write UTF-8 text; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy_files(sources: Iterable[Path], folder: Path) -> None:
    """Copy files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copyfile(source, folder / source.name)

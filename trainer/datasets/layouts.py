"""Which files hold a dataset: the first layout whose files are all there is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_bridge.errors import UserError
from trainer.datasets.raw import Raw


@dataclass(frozen=True)
class Layout:
    """One way in which files hold a dataset.

    Attributes:
        files: names below the data folder.
        read: from the files' paths, in the order of ``files``, to arrays.
        folders: where the files may lie below the data folder; the first that has them all.
        endings: what a file's name may end with besides.
        some: any of the files is enough.
    """

    files: tuple[str, ...]
    read: Callable[[tuple[Path, ...]], Raw]
    folders: tuple[str, ...] = (".",)
    endings: tuple[str, ...] = ("",)
    some: bool = False

    def __str__(self) -> str:
        """The files, short enough for a message."""
        head = f"{self.files[0]} ... {self.files[-1]}" if len(self.files) > 4 else ", ".join(self.files)
        named = next((folder for folder in self.folders if folder != "."), None)
        folder = "" if named is None else f" there or in {named}/"
        return f"{'any of ' if self.some else ''}{head}{folder}"

    def find(self, folder: Path) -> tuple[Path | None, ...]:
        """The path of each file below one folder, None where it is missing."""
        return tuple(
            next((path for ending in self.endings if (path := folder / f"{name}{ending}").is_file()), None)
            for name in self.files
        )


def read_layouts(dataset: str, folder: Path, layouts: tuple[Layout, ...]) -> Raw:
    """Read the dataset from the first layout that is complete.

    Args:
        dataset: its name, for messages.
        folder: the data folder.
        layouts: in order of preference.

    Raises:
        UserError: no layout is complete; names what is missing, the folder and every layout that would do.
    """
    if not folder.is_dir():
        raise UserError(f"data folder {folder} does not exist; give --data-dir a folder with {describe(layouts)}")
    incomplete: list[str] = []
    for layout in layouts:
        for below in layout.folders:
            paths = layout.find(folder / below)
            there = tuple(path for path in paths if path is not None)
            if there and (layout.some or len(there) == len(paths)):
                return layout.read(there)
            if there:
                missing = [name for name, path in zip(layout.files, paths, strict=True) if path is None]
                incomplete.append(f"{folder / below} lacks {_few(missing)}")
    fault = "; ".join(incomplete) or f"{folder} holds no file of {dataset}"
    raise UserError(f"{fault}; {dataset} is read from {describe(layouts)}")


def describe(layouts: tuple[Layout, ...]) -> str:
    """Every layout, for messages."""
    return "; or ".join(str(layout) for layout in layouts)


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more files"

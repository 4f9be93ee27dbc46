"""Which recordings of a Speech Commands folder make up the samples, before any is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
CLASSES = (*WORDS, "silence", "unknown")
NOISE_FOLDER = "_background_noise_"

_TEST_LIST, _VALIDATION_LIST = "testing_list.txt", "validation_list.txt"
_FOLDERS = (".", "speech_commands", "speech_commands_v0.02", "speech_commands_v0.01")
_NEEDED = (_TEST_LIST, _VALIDATION_LIST, NOISE_FOLDER, *WORDS)


@dataclass(frozen=True)
class Clip:
    """One recording.

    Attributes:
        path: the file.
        label: index in :data:`CLASSES`.
        speaker: from the file's name.
    """

    path: Path
    label: int
    speaker: str


@dataclass(frozen=True)
class Clips:
    """The recordings of both splits."""

    train: tuple[Clip, ...]
    test: tuple[Clip, ...]


def find_root(data_dir: Path) -> Path:
    """The folder with one folder per word.

    Raises:
        UserError: nothing like it is there, or a list or a word is missing.
    """
    roots = [root for below in _FOLDERS if (root := data_dir / below).is_dir()]
    present = {root: [name for name in _NEEDED if (root / name).exists()] for root in roots}
    root = max(roots, key=lambda root: len(present[root]), default=data_dir)
    missing = [name for name in _NEEDED if name not in present.get(root, [])]
    if missing:
        raise UserError(
            f"{root} lacks {', '.join(missing)}; give --data-dir the unpacked folder of Speech Commands "
            f"({_TEST_LIST}, {_VALIDATION_LIST}, {NOISE_FOLDER}/ and one folder per word), or the folder above it"
        )
    return root


def choose_clips(root: Path, random: np.random.Generator) -> Clips:
    """Every recording of the ten words, and as many of other words as one of the ten has on average.

    Args:
        root: from :func:`find_root`.
        random: draws the recordings of other words.

    Raises:
        UserError: a split has no recording of a word.
    """
    tested, validated = _listed(root / _TEST_LIST), _listed(root / _VALIDATION_LIST)
    splits: tuple[list[Clip], list[Clip]] = ([], [])
    others: tuple[list[Clip], list[Clip]] = ([], [])
    for folder in sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("_")):
        known = folder.name in WORDS
        label = CLASSES.index(folder.name if known else "unknown")
        for path in sorted(folder.glob("*.wav")):
            name = f"{folder.name}/{path.name}"
            if name not in validated:
                clip = Clip(path, label, path.name.split("_")[0])
                (splits if known else others)[name in tested].append(clip)
    _check_words(root, splits)
    train, test = ((*words, *_sample(rest, len(words), random)) for words, rest in zip(splits, others, strict=True))
    return Clips(train, test)


def _listed(path: Path) -> frozenset[str]:
    return frozenset(line.strip() for line in path.read_text(encoding="utf-8").splitlines())


def _sample(others: list[Clip], words: int, random: np.random.Generator) -> Iterable[Clip]:
    count = min(len(others), max(1, words // len(WORDS)))
    return (others[k] for k in np.sort(random.choice(len(others), count, replace=False)))


def _check_words(root: Path, splits: tuple[list[Clip], list[Clip]]) -> None:
    for clips, what in zip(splits, ("training", "test"), strict=True):
        present = {clip.label for clip in clips}
        lacking = [word for label, word in enumerate(WORDS) if label not in present]
        if lacking:
            raise UserError(
                f"{root} has no {what} recording of {', '.join(lacking)} (recordings of {_TEST_LIST} are for testing, "
                f"those of {_VALIDATION_LIST} for neither); fetch Speech Commands again"
            )

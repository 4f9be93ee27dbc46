"""Runs that differ in nothing but their seed belong together."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.summary.document import RunSummary

_NOT_THE_EXPERIMENT = {"seed", "out", "data_dir", "board", "emulator", "engine", "compaction"}
"""Options that say where and how a run was made, not what it is."""

_TASK = ("model", "clients", "partition", "alpha", "shards")
"""Options that should be the same where accuracies are compared."""


@dataclass(frozen=True)
class Group:
    """One experiment, repeated with several seeds.

    Attributes:
        label: what tells it from the other groups.
        name: the same without what the table has columns for.
        family: the same without its sparsity.
        runs: at least one.
    """

    label: str
    name: str
    family: str
    runs: tuple[RunSummary, ...] = field(repr=False)

    @property
    def first(self) -> RunSummary:
        """A run that speaks for all where they cannot differ."""
        return self.runs[0]


_COLUMNS = {"pruner", "masks", "sparsity"}


def group_runs(runs: Sequence[RunSummary]) -> tuple[Group, ...]:
    """Group runs by their options but the seed, in the order of their first runs."""
    found: dict[str, list[RunSummary]] = {}
    for run in runs:
        found.setdefault(json.dumps(_options(run), sort_keys=True), []).append(run)
    members = list(found.values())
    firsts = [group[0] for group in members]
    keys = [_telling_keys(first, firsts) for first in firsts]
    return tuple(
        Group(_label(group[0], own), _label(group[0], own, _COLUMNS), _label(group[0], own, {"sparsity"}), tuple(group))
        for group, own in zip(members, keys, strict=True)
    )


def task_differences(groups: Sequence[Group]) -> tuple[str, ...]:
    """Sentences about options that make accuracies hard to compare."""
    sentences = []
    for key in _TASK:
        values = sorted({str(group.first.config.get(key)) for group in groups})
        if len(values) > 1:
            sentences.append(
                f"The runs differ in {key} ({', '.join(values)}): their accuracies are of different tasks."
            )
    return tuple(sentences)


def _options(run: RunSummary) -> dict[str, Any]:
    """What defines the experiment; the pruner as it was chosen, not as it was left open."""
    options = {key: value for key, value in run.config.items() if key not in _NOT_THE_EXPERIMENT}
    if run.pruner is None:  # dense: these options mean nothing
        options = {key: value for key, value in options.items() if key not in ("sparsity", "masks")}
    return {**options, "method": run.method, "pruner": run.pruner}


def _telling_keys(run: RunSummary, others: Sequence[RunSummary]) -> list[str]:
    """Options in which groups of the same method differ; those they lack count too."""
    same = [_options(other) for other in others if other.method == run.method]
    keys = dict.fromkeys(key for options in same for key in options)
    return [key for key in keys if len({json.dumps(options.get(key)) for options in same}) > 1]


def _label(run: RunSummary, keys: Sequence[str], without: Collection[str] = ()) -> str:
    """Such as ``fedpai-u, sparsity 0.98``."""
    options = _options(run)
    parts = [
        str(options[key]) if key == "pruner" else f"{key} {options.get(key)}" for key in keys if key not in without
    ]
    return ", ".join([run.method, *(part.replace("_", " ") for part in parts)])

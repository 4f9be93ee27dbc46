"""Finds and reads the summaries of runs."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from host_bridge.errors import UserError
from trainer.summary.document import SUMMARY_VERSION, RunSummary, read_summary

_NAME = "summary.json"


def load_runs(paths: Sequence[Path]) -> tuple[RunSummary, ...]:
    """Read summaries; a path that is given twice counts once.

    Args:
        paths: folders of runs, or files.

    Raises:
        UserError: nothing was given, a file cannot be read or is no summary of this version, or the runs are of
            different data sets, whose accuracies cannot be compared.
    """
    files = list(dict.fromkeys((path / _NAME if path.is_dir() else path).resolve() for path in paths))
    if not files:
        raise UserError("no run was given; name the folders of finished runs")
    runs = tuple(_read(file) for file in files)
    datasets = sorted({str(run.config.get("dataset")) for run in runs})
    if len(datasets) > 1:
        raise UserError(f"the runs are of different data sets ({', '.join(datasets)}); compare one at a time")
    return runs


def _read(file: Path) -> RunSummary:
    try:
        _check_version(file, json.loads(file.read_text(encoding="utf-8")))
        summary = read_summary(file)
    except FileNotFoundError:
        raise UserError(f"{file} does not exist; name a finished run's folder or its {_NAME}") from None
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}; name a finished run's folder") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise UserError(f"{file} is not a run's summary (see key {where}); name a finished run's folder") from None
    except ValueError:  # of JSON, or of its characters
        raise UserError(f"{file} is not a run's summary: no JSON; name a finished run's folder") from None
    if not summary.rounds:
        raise UserError(f"{file} has no rounds; leave it out")
    return summary


def _check_version(file: Path, document: object) -> None:
    found = document.get("summary_version") if isinstance(document, dict) else None
    if found is None:
        raise UserError(f"{file} is not a run's summary; name a finished run's folder or its {_NAME}")
    if found != SUMMARY_VERSION:
        raise UserError(
            f"{file} is a summary of version {found}, and this is for version {SUMMARY_VERSION}; make the run again"
        )

"""Run studies and print their tables: ``python -m benchmarks.results [STUDY…] --data-dir DIR``.

Results are kept in ``runs/results``; what is there is not run again. One process for each core shares the
work, so times are for orientation only.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results.grid import all_options
from benchmarks.results.store import load
from benchmarks.results.studies import STUDIES
from benchmarks.results.tables import study_table
from benchmarks.results.workers import quiet, run_one

FOLDER = Path("runs/results")
_LEGEND = (
    "Test accuracy in percent, mean ± standard deviation over {seeds}, behind cells of fewer how many; the worst\n"
    "client's on test samples distributed like its own; bytes up of a client and round, of the first seed."
)


def main() -> None:
    """Run what is missing, then print everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"of: {', '.join(STUDIES)}; else all")
    parser.add_argument("--data-dir", help="folder with the data sets' files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--most-seeds", type=int, default=99, help="leave seeds above this one for later")
    parser.add_argument("--tables-only", action="store_true", help="run nothing, print what is there")
    parser.add_argument("--smoke", action="store_true", help="only try each method: two rounds over a few samples")
    given = parser.parse_args()
    names = given.studies or [name for name, study in STUDIES.items() if not study.accelerator]
    if unknown := sorted(set(names) - set(STUDIES)):
        parser.error(f"unknown study {unknown[0]!r}; choose from: {', '.join(STUDIES)}")
    if given.smoke:
        _smoke(names, given.data_dir, given.jobs)
        return
    if not given.tables_only:
        _run_missing(names, given.data_dir, given.jobs, given.most_seeds)
    for name in names:
        _print_study(name)


def _run_missing(names: list[str], data_dir: str | None, jobs: int, most_seeds: int) -> None:
    work = [
        (FOLDER, name, _at(data_dir, options))
        for name in names
        for options in all_options(STUDIES[name])
        if options["seed"] <= most_seeds and load(FOLDER / name, options) is None
    ]
    _share(work, jobs)


def _smoke(names: list[str], data_dir: str | None, jobs: int) -> None:
    methods = [
        (name, options)
        for name in names
        for options in all_options(STUDIES[name])
        if options["seed"] == STUDIES[name].seeds[0] and options.get("sparsity", 0.98) == 0.98
    ]
    failed = [
        line for line in _share([(None, name, _at(data_dir, one)) for name, one in methods], jobs) if "FAILED" in line
    ]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(methods)} methods do not run")


def _at(data_dir: str | None, options: dict[str, Any]) -> dict[str, Any]:
    return {**options, **({} if data_dir is None else {"data_dir": data_dir})}


def _share(work: Sequence[tuple[Path | None, str, dict[str, Any]]], jobs: int) -> list[str]:
    """What came of each, in words."""
    lines = []
    # A fresh process now and then gives back what graphs of many shapes have taken.
    with multiprocessing.get_context("spawn").Pool(jobs, quiet, maxtasksperchild=8) as pool:
        for done, line in enumerate(pool.imap_unordered(run_one, work), start=1):
            print(f"{done}/{len(work)} {line}", file=sys.stderr, flush=True)
            lines.append(line)
    return lines


def _print_study(name: str) -> None:
    study = STUDIES[name]
    seeds = f"{len(study.seeds)} seeds" if len(study.seeds) > 1 else "one seed"
    print(f"\n### {study.title}\n\n{_LEGEND.format(seeds=seeds)}\n\n{study_table(FOLDER / name, study)}")


if __name__ == "__main__":
    main()

"""Markdown tables of what has been run."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from benchmarks.results.grid import dense_options, sparse_options
from benchmarks.results.store import Result, load
from benchmarks.results.studies import Study

NOT_RUN = "not run"


def study_table(folder: Path, study: Study, of: Callable[[Result], float]) -> str:
    """One row a method, one column a sparsity: mean ± standard deviation over the seeds, in percent."""
    columns = [f"{sparsity:.0%}" for sparsity in study.sparsities]
    lines = [f"| method | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    for name in study.dense:
        cell = _cell([load(folder, dense_options(study, name, seed)) for seed in study.seeds], of)
        lines.append(f"| {name} (0 % sparsity) | {' | '.join([cell] * len(columns))} |")
    for name in study.sparse:
        cells = [
            _cell([load(folder, sparse_options(study, name, sparsity, seed)) for seed in study.seeds], of)
            for sparsity in study.sparsities
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(results: list[Result | None], of: Callable[[Result], float]) -> str:
    found = [100 * of(result) for result in results if result is not None]
    if not found:
        return NOT_RUN
    spread = f" ± {stdev(found):.1f}" if len(found) > 1 else ""
    missing = "" if len(found) == len(results) else f" ({len(found)} of {len(results)} seeds)"
    return f"{fmean(found):.1f}{spread}{missing}"


def bytes_table(folder: Path, study: Study) -> str:
    """Mean bytes up of a client and round, for the first seed."""
    columns = [f"{sparsity:.0%}" for sparsity in study.sparsities]
    lines = [f"| method | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    rows: list[tuple[str, list[dict[str, Any]]]] = [
        (name, [dense_options(study, name, study.seeds[0])] * len(columns)) for name in study.dense
    ]
    rows += [
        (name, [sparse_options(study, name, sparsity, study.seeds[0]) for sparsity in study.sparsities])
        for name in study.sparse
    ]
    for name, options in rows:
        cells = [NOT_RUN if (found := load(folder, one)) is None else f"{found.bytes_per_client:,}" for one in options]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)

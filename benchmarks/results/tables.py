"""Markdown tables of what has been run."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.results.grid import dense_options, sparse_options
from benchmarks.results.store import Result, load
from benchmarks.results.studies import Study

NOT_RUN = "not run"
SHOWN = 0.98
"""The sparsity whose worst client and bytes a table shows beside the accuracies."""

Results = list[Result | None]
"""By seed; None where a run is missing."""


def study_table(folder: Path, study: Study) -> str:
    """One row a method: accuracy at each sparsity; at :data:`SHOWN` the worst client's, and the first seed's bytes.

    Accuracies are mean ± standard deviation over the seeds, in percent; behind those of fewer seeds stands how many.
    """
    columns = [_percent(sparsity) for sparsity in study.sparsities]
    head = ["method", *columns, f"worst client's at {_percent(SHOWN)}", f"bytes up at {_percent(SHOWN)}"]
    rows = [head, ["---", *["--:"] * (len(head) - 1)]]
    for name in study.dense:
        found = [load(folder, dense_options(study, name, seed)) for seed in study.seeds]
        rows.append([f"{name} (0 %)", *[_accuracy(found)] * len(columns), *_beside(found)])
    for name in study.sparse:
        by_sparsity = {
            sparsity: [load(folder, sparse_options(study, name, sparsity, seed)) for seed in study.seeds]
            for sparsity in study.sparsities
        }
        rows.append([name, *map(_accuracy, by_sparsity.values()), *_beside(by_sparsity[SHOWN])])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _percent(sparsity: float) -> str:
    return f"{100 * sparsity:.0f} %"


def _accuracy(results: Results) -> str:
    return _cell(results, lambda result: result.accuracy)


def _beside(results: Results) -> tuple[str, str]:
    first = results[0]
    sent = NOT_RUN if first is None else f"{first.bytes_per_client:,}"
    return _cell(results, lambda result: result.local_worst), sent


def _cell(results: Results, of: Callable[[Result], float]) -> str:
    found = [100 * of(result) for result in results if result is not None]
    if not found:
        return NOT_RUN
    spread = f" ± {stdev(found):.1f}" if len(found) > 1 else ""
    missing = "" if len(found) == len(results) else f" ({len(found)})"
    return f"{fmean(found):.1f}{spread}{missing}"

"""The runs that a study consists of."""

from collections.abc import Iterator
from typing import Any

from benchmarks.results.studies import Study


def dense_options(study: Study, name: str, seed: int) -> dict[str, Any]:
    """Options of a run of a dense method."""
    return {**study.options, **study.dense[name], "seed": seed}


def sparse_options(study: Study, name: str, sparsity: float, seed: int) -> dict[str, Any]:
    """Options of a run of a sparse method."""
    return {**study.options, **study.sparse[name], "sparsity": sparsity, "seed": seed}


def all_options(study: Study) -> Iterator[dict[str, Any]]:
    """Options of every run, the most telling first: 98 % sparsity, then what lies further and further from it."""
    for seed in study.seeds:
        yield from (dense_options(study, name, seed) for name in study.dense)
    for sparsity in sorted(study.sparsities, key=lambda one: abs(one - 0.98)):
        for seed in study.seeds:
            yield from (sparse_options(study, name, sparsity, seed) for name in study.sparse)

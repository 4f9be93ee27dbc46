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
    """Options of every run, the most telling first: one seed of all methods, then the next."""
    for seed in study.seeds:
        for name in study.dense:
            yield dense_options(study, name, seed)
        for sparsity in sorted(study.sparsities, key=lambda one: abs(one - 0.98)):
            for name in study.sparse:
                yield sparse_options(study, name, sparsity, seed)

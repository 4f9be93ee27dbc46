"""How figures of a comparison are written."""

from trainer.compare.comparison import Comparison, Row, Spread

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_TIMES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))

HEADINGS = (
    *("run", "pruner", "masks", "sparsity", "seeds", "accuracy", "int8", "clients' own", "worst client"),
    *("per round", "in all", "time", "faster"),
)
"""Of the table's columns."""

TEXTS = 3
"""Columns from the left that are words; the others are figures."""


def cells(row: Row, baseline: str | None) -> tuple[str, ...]:
    """A row of the table, under :data:`HEADINGS`."""
    faster = "baseline" if row.label == baseline else "-" if row.faster is None else f"{row.faster:.1f}x"
    return (
        row.name,
        row.pruner or "-",
        row.masks,
        f"{100 * row.sparsity:.4g} %",
        str(row.seeds),
        *(spread(figure) for figure in (row.accuracy, row.int8, row.local_mean, row.local_worst)),
        bytes_(row.bytes_per_round),
        bytes_(row.total_bytes),
        _time(row),
        faster,
    )


def explanation(comparison: Comparison) -> str:
    """What the columns mean."""
    against = (
        f"faster is the time of {comparison.baseline} over it" if comparison.baseline else "no run is dense FedAvg"
    )
    return (
        "Accuracy is of float models on the whole test set; clients' own is each client's accuracy on samples like its "
        "own, their mean and the worst; ± is the standard deviation over seeds. Bytes are for one client and round, "
        f"and of all clients in the whole run, both ways. Time is until {100 * comparison.target:.4g} % accuracy "
        f"({comparison.target_from}), by the time model; {against}."
    )


def spread(figure: Spread) -> str:
    """Such as ``98.90 %`` or ``98.9 ± 0.3 %``."""
    if figure.deviation == 0:
        return f"{100 * figure.mean:.2f} %"
    return f"{100 * figure.mean:.2f} ± {100 * figure.deviation:.2f} %"


def bytes_(count: float) -> str:
    """Bytes in decimal units, three digits, such as ``1.66 MB``."""
    return next((f"{count / unit:.3g} {name}" for unit, name in _UNITS if count >= unit), f"{count:.0f} B")


def duration(seconds: float) -> str:
    """Such as ``42 s``, ``12.3 min`` or ``5.4 h``."""
    return next((f"{seconds / unit:.3g} {name}" for unit, name in _TIMES if seconds >= unit), f"{seconds:.3g} s")


def _time(row: Row) -> str:
    if row.seconds is not None:
        return duration(row.seconds)
    if row.curve.seconds is None:
        return "unknown"
    return f"{row.reached} of {row.seeds} reach it" if row.reached else "never"

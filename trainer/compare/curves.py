"""A group's rounds, as pictures need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean, pstdev

from trainer.summary.document import RoundSummary, RunSummary
from trainer.timing import Deployment, elapsed_seconds


@dataclass(frozen=True)
class Curve:
    """Figures after each round, means over seeds.

    Attributes:
        rounds: from 1.
        accuracy: 0 to 1.
        deviation: of the accuracy over seeds.
        bytes: of all clients since the start, both ways.
        seconds: since the start, by the time model; None where multiplications were not counted.
    """

    rounds: tuple[int, ...]
    accuracy: tuple[float, ...]
    deviation: tuple[float, ...]
    bytes: tuple[float, ...]
    seconds: tuple[float, ...] | None


def curve(runs: Sequence[RunSummary], deployment: Deployment) -> Curve:
    """The rounds that all runs have."""
    together = list(zip(*(run.rounds for run in runs), strict=False))
    accuracies = [[one.accuracy for one in row] for row in together]
    counted = all(run.compute is not None for run in runs)
    return Curve(
        rounds=tuple(row[0].round for row in together),
        accuracy=tuple(fmean(row) for row in accuracies),
        deviation=tuple(pstdev(row) for row in accuracies),
        bytes=_means([tuple(accumulate(_bytes(one) for one in run.rounds)) for run in runs]),
        seconds=_means([elapsed_seconds(run, deployment) for run in runs]) if counted else None,
    )


def _bytes(one: RoundSummary) -> int:
    return one.bytes_up + one.bytes_down


def _means(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(fmean(column) for column in zip(*rows, strict=False))

"""The figures of a comparison."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, pstdev

from host_bridge.errors import UserError
from trainer.compare.curves import Curve, curve
from trainer.compare.group import Group, group_runs, task_differences
from trainer.summary.document import RunSummary
from trainer.timing import Deployment, assumptions, time_to_accuracy

_DENSE = "fedavg"
_MARGIN = 0.01
"""Below the baseline's last accuracy, where no target is given."""

_PUBLISHED = (
    "The paper of FedPaI (arXiv 2504.00308) reports training 6.4 to 7.9 times as fast as dense FedAvg, measured on "
    "other hardware with other networks."
)


@dataclass(frozen=True)
class Spread:
    """A figure over seeds: mean and standard deviation (0 for one seed)."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Row:
    """One group's figures; accuracies are 0 to 1.

    Attributes:
        label: what tells it from the others.
        name: the same without pruner, masks and sparsity.
        family: the same without its sparsity.
        method: the algorithm.
        pruner: how connections were scored; None for none.
        masks: ``none``, ``shared``, ``federated`` or ``personalized``.
        sparsity: share of prunable weights dropped at the end, mean over seeds.
        seeds: number of runs.
        accuracy: float, on the whole test set; of personalized models their mean.
        int8: the int8 model's; of personalized models the first client's.
        local_mean: clients' mean accuracy on samples like their own.
        local_worst: the worst client's.
        bytes_per_round: for one client, both ways, mean.
        total_bytes: of all clients and rounds, mean over seeds.
        reached: runs that reached the target.
        seconds: until the target, by the time model, mean over runs; None unless all reached it.
        faster: the baseline's seconds over these; None without either.
        curve: the rounds.
    """

    label: str
    name: str
    family: str
    method: str
    pruner: str | None
    masks: str
    sparsity: float
    seeds: int
    accuracy: Spread
    int8: Spread
    local_mean: Spread
    local_worst: Spread
    bytes_per_round: float
    total_bytes: float
    reached: int
    seconds: float | None
    faster: float | None
    curve: Curve = field(repr=False)


@dataclass(frozen=True)
class Comparison:
    """All of it.

    Attributes:
        dataset: what all runs were of.
        target: the accuracy whose time is compared, 0 to 1.
        target_from: where it comes from, in words.
        baseline: label of the group that times are compared with; None for none.
        rows: a group each.
        notes: what to keep in mind.
        assumptions: of the time model, a sentence each.
    """

    dataset: str
    target: float
    target_from: str
    baseline: str | None
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    assumptions: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def compare_runs(
    runs: Sequence[RunSummary], deployment: Deployment, target: float | None = None, baseline: str | None = None
) -> Comparison:
    """Group runs and compare them.

    Args:
        runs: of one data set.
        deployment: what the time model assumes.
        target: accuracy whose time is compared; None for a point below the baseline's last (or the best's).
        baseline: method of the group that times are compared with; None for dense FedAvg, if it is there.

    Raises:
        UserError: no run is of the method ``baseline``.
    """
    groups = group_runs(runs)
    base = _baseline(groups, baseline)
    reference = base or max(groups, key=_last)
    whose = f"the last of {reference.label}" + ("'s least accurate seed" if len(reference.runs) > 1 else "")
    goal, source = (
        (target, "as given") if target is not None else (_last(reference) - _MARGIN, f"a point below {whose}")
    )
    seconds = None if base is None else _seconds(base, goal, deployment)[0]
    return Comparison(
        dataset=str(groups[0].first.config.get("dataset")),
        target=goal,
        target_from=source,
        baseline=None if base is None else base.label,
        rows=tuple(_row(group, goal, deployment, seconds) for group in groups),
        notes=_notes(groups, base),
        assumptions=(*assumptions(deployment), _PUBLISHED),
    )


def _baseline(groups: Sequence[Group], method: str | None) -> Group | None:
    found = [group for group in groups if group.first.method == (method or _DENSE)]
    if method is not None and not found:
        methods = ", ".join(dict.fromkeys(group.first.method for group in groups))
        raise UserError(f"no run is of the baseline {method!r}; choose from: {methods}")
    return found[0] if found else None


def _last(group: Group) -> float:
    """Its accuracy at the end; of several seeds the least, so that all have reached it."""
    return min(run.rounds[-1].accuracy for run in group.runs)


def _row(group: Group, target: float, deployment: Deployment, base_seconds: float | None) -> Row:
    runs, first = group.runs, group.first
    seconds, reached = _seconds(group, target, deployment)
    traffic = [run.traffic for run in runs]
    return Row(
        label=group.label,
        name=group.name,
        family=group.family,
        method=first.method,
        pruner=first.pruner,
        masks=str(first.config.get("masks", "shared")) if first.pruner else "none",
        sparsity=fmean(run.sparsity for run in runs),
        seeds=len(runs),
        accuracy=_spread(runs, lambda run: run.clients.overall_mean),
        int8=_spread(runs, lambda run: run.accuracy.int8),
        local_mean=_spread(runs, lambda run: run.clients.local_mean),
        local_worst=_spread(runs, lambda run: run.clients.local_worst),
        bytes_per_round=fmean(one.bytes_up_per_client + one.bytes_down_per_client for one in traffic),
        total_bytes=fmean(one.total_bytes for one in traffic),
        reached=reached,
        seconds=seconds,
        faster=None if not seconds or base_seconds is None else base_seconds / seconds,
        curve=curve(runs, deployment),
    )


def _spread(runs: Sequence[RunSummary], figure: Callable[[RunSummary], float]) -> Spread:
    values = [figure(run) for run in runs]
    return Spread(fmean(values), pstdev(values))


def _seconds(group: Group, target: float, deployment: Deployment) -> tuple[float | None, int]:
    """Mean seconds to the target if all runs reach it, and how many do."""
    if any(run.compute is None for run in group.runs):
        return None, sum(any(one.accuracy >= target for one in run.rounds) for run in group.runs)
    found = [time_to_accuracy(run, target, deployment) for run in group.runs]
    times = [seconds for seconds in found if seconds is not None]
    return (fmean(times) if len(times) == len(found) else None), len(times)


def _notes(groups: Sequence[Group], base: Group | None) -> tuple[str, ...]:
    notes = list(task_differences(groups))
    uncounted = [group.label for group in groups if any(run.compute is None for run in group.runs)]
    if uncounted:
        notes.append(f"The multiplications of {'; '.join(uncounted)} could not be counted: their times are unknown.")
    same = [] if base is None else [group for group in groups if group.first.method == base.first.method]
    if base is not None and len(same) > 1:
        notes.append(f"Several groups are of {base.first.method}; times are compared with {base.label}.")
    if any(group.first.masks.distinct > 1 for group in groups):
        notes.append(
            "Where clients have models of their own, accuracy is the mean over the clients' models, over the rounds "
            "on a part of the test set, and int8 is the first client's."
        )
    return tuple(notes)

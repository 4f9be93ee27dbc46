"""Seconds of rounds, computed from a summary alone."""

from itertools import accumulate
from typing import TYPE_CHECKING

from host_bridge.errors import UserError
from trainer.timing.deployment import TRAINING_PASSES, Deployment

if TYPE_CHECKING:
    from trainer.summary.document import ComputeSummary, RoundSummary, RunSummary


def client_seconds(summary: "RunSummary", one: "RoundSummary", client: int, deployment: Deployment) -> float:
    """How long a client takes for a round: values down, local epochs, update up.

    Bytes are the round's mean over its clients. In a round whose mask keeps more or fewer weights than the last
    one, kept multiply-accumulates are taken in proportion.

    Raises:
        UserError: the summary has no multiply-accumulates, because its model's could not be counted.
    """
    samples = sum(summary.partition.counts[client]) * int(summary.config["local_epochs"])
    training = samples * TRAINING_PASSES * _sample_seconds(summary, one, client, deployment)
    line = (one.bytes_down_per_client + one.bytes_up_per_client) * deployment.bits_per_byte / deployment.link_bits
    return training + line


def round_seconds(summary: "RunSummary", one: "RoundSummary", deployment: Deployment) -> float:
    """How long a round takes: until the last client is done or given up on.

    With a deadline, clients whose update was not used count as silent, refused ones too.

    Raises:
        UserError: as :func:`client_seconds`.
    """
    cohort = range(len(summary.partition.counts)) if one.cohort is None else one.cohort
    waits = deployment.deadline is not None
    silent = set(one.unused) if waits else set()
    taken = [client_seconds(summary, one, client, deployment) for client in cohort if client not in silent]
    return max([*taken, deployment.deadline or 0.0] if silent else taken)


def elapsed_seconds(summary: "RunSummary", deployment: Deployment) -> tuple[float, ...]:
    """Seconds from the start to the end of each round.

    Raises:
        UserError: as :func:`client_seconds`.
    """
    return tuple(accumulate(round_seconds(summary, one, deployment) for one in summary.rounds))


def time_to_accuracy(summary: "RunSummary", target: float, deployment: Deployment) -> float | None:
    """Seconds until the test accuracy first reaches ``target``, 0 to 1; None if it never does.

    Raises:
        UserError: as :func:`client_seconds`.
    """
    rows = zip(summary.rounds, elapsed_seconds(summary, deployment), strict=True)
    return next((seconds for one, seconds in rows if one.accuracy >= target), None)


def _sample_seconds(summary: "RunSummary", one: "RoundSummary", client: int, deployment: Deployment) -> float:
    """Of one forward pass, in the faster kernel."""
    compute = _compute(summary)
    changed = one.kept / max(summary.rounds[-1].kept, 1)
    live = compute.live_macs[client] if summary.masks.fixed else compute.dense_macs
    sparse = compute.kept_macs[client] * changed / deployment.sparse_efficiency
    return min(float(live), sparse) / deployment.dense_macs


def _compute(summary: "RunSummary") -> "ComputeSummary":
    if summary.compute is None:
        raise UserError(
            f"the multiplications of model {summary.config.get('model')!r} were not counted, so a round's time is "
            "unknown; use a model of Conv2D, DepthwiseConv2D and Dense layers"
        )
    return summary.compute

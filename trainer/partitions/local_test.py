"""Test samples that look like what a client holds, for the evaluation of personalised models."""

import numpy as np

from host_bridge.errors import UserError
from trainer.partitions.partition import Indices, Partition
from trainer.tensors import Float64, Int32


def local_test_indices(  # noqa: PLR0917 - two label and two group arrays, then how many
    partition: Partition,
    train_y: Int32,
    test_y: Int32,
    train_groups: Int32 | None,
    test_groups: Int32 | None,
    per_client: int,
    random: np.random.Generator,
) -> tuple[Indices, ...]:
    """Draw test samples for each client in the proportions of its training labels.

    No client gets a sample twice; clients may share samples. A client gets fewer than ``per_client`` rather than other
    proportions. Labels that no test sample has are left out. Where nobody's training samples are spread over several
    clients and people of a client also produced test samples, only those are drawn.

    Args:
        partition: which training samples each client holds.
        train_y: int32 (training samples,).
        test_y: int32 (test samples,).
        train_groups: int32 (training samples,), who produced them; or None.
        test_groups: int32 (test samples,), likewise.
        per_client: samples wanted for each client, at least 1.
        random: the only source of chance.

    Returns:
        For each client, positions in the test set, ascending, at least one.

    Raises:
        UserError: no test sample has a label that the client holds.
    """
    own = _own_samples(partition, train_groups, test_groups)
    everyone = np.arange(len(test_y))
    chosen = []
    for client, (indices, candidates) in enumerate(zip(partition, own, strict=True)):
        held = np.unique(train_y[indices])
        usable = candidates if np.isin(test_y[candidates], held).any() else everyone
        if not np.isin(test_y[usable], held).any():
            raise UserError(
                f"client {client} holds only labels that no test sample has ({', '.join(map(str, held))}); "
                "use a test set with every class"
            )
        chosen.append(_draw(train_y[indices], test_y, usable, per_client, random))
    return tuple(chosen)


def _own_samples(partition: Partition, train_groups: Int32 | None, test_groups: Int32 | None) -> tuple[Indices, ...]:
    """Test samples of each client's own people; none where a person's training samples are at several clients."""
    nothing = tuple(np.empty(0, np.int64) for _ in partition)
    if train_groups is None or test_groups is None:
        return nothing
    people = [np.unique(train_groups[indices]) for indices in partition]
    everyone = np.concatenate(people)
    if len(np.unique(everyone)) < len(everyone):
        return nothing
    return tuple(np.flatnonzero(np.isin(test_groups, persons)) for persons in people)


def _draw(labels: Int32, test_y: Int32, candidates: Indices, wanted: int, random: np.random.Generator) -> Indices:
    """At most ``wanted`` candidates in the proportions of ``labels``."""
    pools = {label: candidates[test_y[candidates] == label] for label in np.unique(labels)}
    pools = {label: pool for label, pool in pools.items() if len(pool)}
    shares = np.array([np.count_nonzero(labels == label) for label in pools], np.float64)
    shares /= shares.sum()
    available = np.array([len(pool) for pool in pools.values()])
    counts = _apportion(shares, max(1, min(wanted, int((available / shares).min()))))
    drawn = [
        random.choice(pool, min(count, len(pool)), replace=False)
        for pool, count in zip(pools.values(), counts, strict=True)
    ]
    return np.sort(np.concatenate(drawn))


def _apportion(shares: Float64, seats: int) -> list[int]:
    """Whole numbers that add up to ``seats``, by largest remainders; ties go to the first."""
    exact = shares * seats
    counts = np.floor(exact).astype(np.int64)
    most_left = np.argsort(-(exact - counts), kind="stable")[: seats - counts.sum()]
    counts[most_left] += 1
    return [int(count) for count in counts]

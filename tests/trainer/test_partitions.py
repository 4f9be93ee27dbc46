"""Every sample goes to exactly one client, and nobody is left without."""

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.partitions import PARTITIONS, PartitionRequest, check_clients, check_smallest
from trainer.partitions.dirichlet import partition_dirichlet

LABELS = np.random.default_rng(1).integers(0, 7, 251).astype(np.int32)
PEOPLE = np.random.default_rng(2).integers(10, 27, 251).astype(np.int32)


def request(
    clients: int, alpha: float = 0.5, smallest: int = 5, seed: int = 3, *, shards: int = 2, labels: np.ndarray = LABELS
) -> PartitionRequest:
    return PartitionRequest(labels, clients, alpha, smallest, np.random.default_rng(seed), PEOPLE, shards)


@pytest.mark.parametrize("name", PARTITIONS.names)
@pytest.mark.parametrize("clients", [1, 3, 13])
def test_parts_are_disjoint_and_complete(name: str, clients: int) -> None:
    parts = PARTITIONS.get(name)(request(clients))
    assert len(parts) == clients
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(LABELS)))
    assert all(np.array_equal(part, np.sort(part)) and len(part) >= 5 for part in parts)


@pytest.mark.parametrize("name", PARTITIONS.names)
def test_the_same_seed_gives_the_same_parts(name: str) -> None:
    first, again, other = (PARTITIONS.get(name)(request(5, seed=seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_iid_sizes_differ_by_at_most_one() -> None:
    sizes = [len(part) for part in PARTITIONS.get("iid")(request(13))]
    assert max(sizes) - min(sizes) == 1


def skew(alpha: float) -> float:
    """Mean distance between a client's class shares and the whole set's."""
    parts = PARTITIONS.get("dirichlet")(request(5, alpha))
    whole = np.bincount(LABELS, minlength=7) / len(LABELS)
    return float(np.mean([np.abs(np.bincount(LABELS[p], minlength=7) / len(p) - whole).sum() for p in parts]))


def test_a_small_alpha_is_uneven_and_a_large_one_even() -> None:
    assert skew(0.1) > 3 * skew(1000.0)
    assert skew(1000.0) < 0.15


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_hold_few_classes_and_equal_sizes(shards: int) -> None:
    """Ten equal classes over ten clients: a shard lies in one class, so a client has at most one class per shard."""
    labels = np.random.default_rng(8).permutation(np.repeat(np.arange(10), 50)).astype(np.int32)
    parts = PARTITIONS.get("shards")(request(10, shards=shards, labels=labels))
    assert {len(part) for part in parts} == {50}
    classes = [len(np.unique(labels[part])) for part in parts]
    assert max(classes) <= shards
    assert shards == 1 or max(classes) > 1


def test_more_shards_than_samples_are_refused() -> None:
    with pytest.raises(UserError, match=r"126 clients with 2 shards each need 252 samples.*251.*--clients.*--shards"):
        PARTITIONS.get("shards")(request(126))


def test_as_many_clients_as_people_are_those_people() -> None:
    people = np.unique(PEOPLE)
    for person, part in zip(people, PARTITIONS.get("natural")(request(len(people))), strict=True):
        assert np.array_equal(part, np.flatnonzero(person == PEOPLE))


def test_fewer_clients_than_people_get_whole_people() -> None:
    parts = PARTITIONS.get("natural")(request(4))
    people = [set(PEOPLE[part]) for part in parts]
    assert sum(map(len, people)) == len(set.union(*people)) == len(np.unique(PEOPLE))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= np.bincount(PEOPLE).max()


def test_more_clients_than_people_are_refused() -> None:
    with pytest.raises(UserError, match=r"clients = 18 is more than the 17 people.*--clients 17"):
        PARTITIONS.get("natural")(request(18))


def test_a_dataset_that_knows_nobody_has_no_natural_partition() -> None:
    anonymous = PartitionRequest(LABELS, 3, 0.5, 1, np.random.default_rng(1))
    with pytest.raises(UserError, match=r"natural needs to know who.*uci_har, speech_commands"):
        PARTITIONS.get("natural")(anonymous)


def test_an_impossible_partition_names_the_client_and_the_remedy() -> None:
    parts = partition_dirichlet(request(240, 0.01, smallest=1))
    empty = next(client for client, part in enumerate(parts) if len(part) == 0)
    with pytest.raises(UserError, match=f"client {empty} would get 0 .*--clients.*--alpha"):
        PARTITIONS.get("dirichlet")(request(240, 0.01, smallest=1))


def test_the_remedy_fits_the_partition() -> None:
    nobody = (np.array([0, 1]), np.array([], np.int64))
    check_smallest(nobody, 0)
    for name in PARTITIONS.names:
        with pytest.raises(UserError, match="client 1 would get 0 training samples") as error:
            check_smallest(nobody, 1, PARTITIONS.get(name).remedy)
        assert ("--alpha" in str(error.value)) == (name == "dirichlet")
        assert ("--shards" in str(error.value)) == (name == "shards")


def test_more_clients_than_samples_is_refused() -> None:
    check_clients(10, 10, "digits")
    with pytest.raises(UserError, match="clients = 11 is more than the 10 training samples of digits"):
        check_clients(10, 11, "digits")
